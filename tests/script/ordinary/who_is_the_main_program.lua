local main, is_main = coroutine.running()
print(is_main, type(main), coroutine.status(main), coroutine.running() == main)
print(pcall(coroutine.close, main))
print(coroutine.resume(main))
coroutine.wrap(function()
  print(select(2, coroutine.running()), coroutine.isyieldable(), coroutine.status(main))
  print(coroutine.resume(main))
  print(pcall(coroutine.close, main))
  coroutine.wrap(function() print(select(2, coroutine.running())) end)()
end)()
print(pcall(function() return select(2, coroutine.running()) end))
print(setmetatable({}, {__index = function() return select(2, coroutine.running()) end}).x)
table.sort({2, 1}, function() print(select(2, coroutine.running())) return false end)
-- What a library does that works in both.
local function nap(log)
  local co, waits_by_itself = coroutine.running()
  if waits_by_itself then return "slept" end
  log[#log + 1] = co
  return coroutine.yield()
end
local log = {}
print(nap(log), #log)
coroutine.wrap(function() print(nap(log), #log) end)()
print(coroutine.resume(log[1], "was woken"))
