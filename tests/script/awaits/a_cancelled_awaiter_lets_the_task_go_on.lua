local slow = spawn(function()
  sleep(3)
  return "result"
end)
local awaiter = spawn(function() await(slow) print "never" end)
sleep(1)
awaiter:cancel()
sleep(1)
print(awaiter:status(), slow:status())             -- expect: cancelled	waiting	sleep 3s
print(await(slow), async.now())                    -- expect: result	3.0
