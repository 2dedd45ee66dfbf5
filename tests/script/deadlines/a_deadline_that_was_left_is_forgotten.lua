-- Else the deadlock would be seen only when it is due.
local set, never = async.event(), async.event "never"
set:set()
async.move_on_after(100, function() end)
pcall(async.with_timeout, 100, error, "left by an error")
async.move_on_after(100, set.wait, set)
async.select{set, timeout = 100}
async.scope(function(scope)
  local child = scope:spawn(function() async.with_timeout(100, never.wait, never) end)
  sleep(1)
  child:cancel()
end)
local co = coroutine.wrap(function() async.move_on_after(100, sleep, 1) end)
co()
local guard <close> = async.defer(function() print(async.now()) end)  -- expect: 2.0
never:wait()
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: event 'never'
-- expect status: 3
