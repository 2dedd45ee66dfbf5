local event = async.event "never"
spawn({name = "keeper", daemon = true}, function()
  local guard <close> = async.defer(function() print("closed", async.now()) end)  -- expect: closed	1.0
  async.shield(event.wait, event)
  print "never"
end)
sleep(1)
-- expect stderr: nothing can wake it: #2 keeper
-- expect status: 1
