local deep = {}
for _ = 1, 100000 do deep = {deep} end
local back = async.thread(function(t)
  local depth = 0
  while t[1] do t, depth = t[1], depth + 1 end
  local key = {}
  for _ = 1, 100000 do key = {[key] = 1, next = key} end
  return depth, key
end, deep)
print(back)                                  -- expect: 100000
print(pcall(async.thread, function()
  local t = {}
  for _ = 1, 1000000 do t = {t} end
  return t
end))  -- expect: false	$FILE:11: cannot copy a table that lies so deep to another thread: result 1, at [1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]...
