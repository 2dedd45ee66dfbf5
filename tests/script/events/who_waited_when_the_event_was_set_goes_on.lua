-- Although it is cleared before they step; who comes later waits.
local event = async.event()
spawn(function()
  event:wait()
  print("first", async.now())
  event:wait()
  print("first again", async.now())
end)
sleep(1)
event:set()
event:clear()
sleep(1)
-- expect: first	1.0
event:set()
-- expect: first again	2.0
