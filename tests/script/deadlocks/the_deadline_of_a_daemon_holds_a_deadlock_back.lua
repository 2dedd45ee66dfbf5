local event = async.event()
spawn({daemon = true}, function()
  for _ = 1, 3 do sleep(1) end
end)
local guard <close> = async.defer(function() print(async.now()) end)  -- expect: 3.0
event:wait()
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: event
-- expect status: 3
