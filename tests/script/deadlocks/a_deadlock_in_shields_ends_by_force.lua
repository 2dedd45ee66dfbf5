local event = async.event "never"
local function wait()
  local guard <close> = async.defer(function() print("closed", async.now()) end)
  async.shield(function() event:wait() end)
  print "never"
end
spawn({name = "a"}, wait)
spawn({name = "b"}, wait)
-- Nothing can wake them even now, so the grace time is not waited for.
-- expect: closed	0.0
-- expect: closed	0.0
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr: #2 a: event 'never' at $FILE:4
-- expect stderr: #3 b: event 'never' at $FILE:4
-- expect stderr: tinyasync: 2 tasks wait in clean-up, and nothing can wake them: #2 a, #3 b
-- expect status: 3
