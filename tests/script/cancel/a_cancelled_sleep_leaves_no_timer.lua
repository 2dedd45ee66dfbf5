-- Were it left, the deadlock would be found only when it is due.
local event = async.event()
local task = spawn(function()
  local guard <close> = async.defer(function() async.shield(event.wait, event) end)
  sleep(1000)
end)
local witness <close> = async.defer(function()
  print(async.now())                               -- expect: 1.0
  event:set()
end)
sleep(1)
task:cancel()
event:wait()
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr: event
-- expect status: 3
