local running, most = 0, 0
local list = async.map({3, 1, 2, 1}, function(seconds, index)
  running = running + 1
  most = math.max(most, running)
  print("starts", index, async.now())
  sleep(seconds)
  running = running - 1
  return seconds * 10
end, {limit = 2})
-- expect: starts	1	0.0
-- expect: starts	2	0.0
-- expect: starts	3	1.0
-- expect: starts	4	3.0
print(most, async.now())                           -- expect: 2	4.0
print(list.n, table.concat(list, " "))             -- expect: 4	30 10 20 10
