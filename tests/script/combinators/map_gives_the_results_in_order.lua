local list = async.map({3, 1, 2}, function(seconds, index)
  sleep(seconds)
  print("ready", index, async.now())
  if index ~= 2 then return seconds * 10, "only the first result counts" end
end)
-- expect: ready	2	1.0
-- expect: ready	3	2.0
-- expect: ready	1	3.0
print(list.n, list[1], list[2], list[3])           -- expect: 3	30	nil	20
local empty = async.map({}, print)
print(empty.n, next(empty) == "n")                 -- expect: 0	true
