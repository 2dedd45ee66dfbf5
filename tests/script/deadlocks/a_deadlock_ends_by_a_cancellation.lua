-- pcall does not hold it up, clean-up may wait in a shield.
local event = async.event()
spawn(function()
  local guard <close> = async.defer(function(err)
    print(err.kind, err.reason)                    -- expect: cancelled	deadlock
    local born = spawn(print, "never")
    print(async.shield(sleep, 2), async.now())     -- expect: 2.0	2.0
    print(born:status())                           -- expect: cancelled
  end)
  pcall(event.wait, event)
  print "never"
end)
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: event
-- expect status: 3
