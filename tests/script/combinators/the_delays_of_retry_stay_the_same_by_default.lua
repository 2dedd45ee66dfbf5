-- They count from the failure, not from the beginning of the try.
print(pcall(async.retry, 3, function(i)
  print(i, async.now())
  sleep(0.5)
  error("try " .. i, 0)
end, {delay = 1}))
-- expect: 1	0.0
-- expect: 2	1.5
-- expect: 3	3.0
-- expect: false	try 3
print(async.now())                                 -- expect: 3.5
