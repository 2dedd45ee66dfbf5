print(pcall(async.retry, 5, function(i)
  print(i, async.now())
  error("try " .. i, 0)
end, {delay = 1, factor = 2, max = 3}))
-- expect: 1	0.0
-- expect: 2	1.0
-- expect: 3	3.0
-- expect: 4	6.0
-- expect: 5	9.0
-- expect: false	try 5
print(async.now())                                 -- expect: 9.0
