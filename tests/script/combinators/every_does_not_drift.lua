local count = 0
print(select("#", async.every(1, function(...)
  count = count + 1
  print(count, async.now(), select("#", ...))
  sleep(0.75)
  return count < 3 or false
end)))
-- expect: 1	1.0	0
-- expect: 2	2.0	0
-- expect: 3	3.0	0
-- expect: 0
print(async.now())                                 -- expect: 3.75
