-- It may yield other objects, call what waits, and give up the turn.
local function awaitable(fn) return setmetatable({}, {__await = fn}) end
local inner = awaitable(function()
  return coroutine.yield{action = "sleep", delay = 1}, "inner"
end)
local outer = awaitable(function()
  local slept, word = coroutine.yield(inner)
  local task = spawn(function() sleep(1) return "task" end)
  return slept, word, sleep(1), task:await(), await(inner)
end)
print(await(outer))                                -- expect: 1.0	inner	1.0	task	1.0	inner
print(async.now())                                 -- expect: 3.0
