-- Spawn, sleep, nested coroutines, modules that wait, tasks that fail.

package.preload.slow = function(name)
  local g <close> = guard()
  sleep(0.5)
  return {name = name}
end
package.preload.broken = function() sleep(0.1) error("planned: module", 0) end

local callable = setmetatable({}, {__call = function(_, s) sleep(s) log "called" end})
local object = setmetatable({}, {__tostring = function() return "planned: object" end})

local function numbers(n)
  return coroutine.wrap(function()
    for i = 1, n do sleep(0.1) coroutine.yield(i) end
  end)
end

local function nest(depth)
  local g <close> = guard()
  if depth == 0 then sleep(1) return "nested" end
  return select(2, coroutine.resume(coroutine.create(nest), depth - 1))
end

spawn({name = "nest"}, function() log(nest(3)) end)
spawn(function() for i in numbers(3) do log(i) end end)
spawn(callable, 0.2)
spawn({daemon = true}, function()
  local g <close> = guard()
  while true do sleep(0.3) end
end)
spawn(function() local g <close> = guard() error(object) end)
spawn(function() local g <close> = guard() sleep(0.1) error("planned: text", 0) end)
spawn(function()
  local slow <close> = async.defer(function() sleep(0.1) log "slow" end)
  error("planned: after clean-up that waits", 0)
end)
spawn(error)
for _ = 1, 3 do spawn(function() log(require "slow".name) end) end
for _ = 1, 2 do spawn(function() log(pcall(require, "broken")) end) end
for i = 1, 10 do
  spawn(function(a)
    local g <close> = guard()
    sleep(a % 3 * 0.1)
    spawn(async.checkpoint)
  end, i, "x", nil)
end
pcall(coroutine.yield, 12)
pcall(coroutine.yield, {action = "fly"})
pcall(sleep, {})
pcall(table.sort, {1, 2}, function() sleep(1) end)
pcall(spawn, {unknown = 1}, log)
pcall(require, "no such module")
coroutine.yield {action = "sleep", delay = 0.05}
local co = coroutine.create(function() local g <close> = guard() coroutine.yield(1) end)
coroutine.resume(co)
coroutine.close(co)
pcall(coroutine.wrap(function() local g <close> = guard() sleep(0) error(object) end))
local t = spawn(function() log(tostring(async.current())) end)
sleep(0.7)
log(t.name, t.id, (xpcall(error, debug.traceback, "x")))
collectgarbage()
sleep(0.7)
error("planned: end", 0)
