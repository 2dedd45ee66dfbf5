-- options: --virtual-time --traceback=off
local sub = spawn(sleep, 10)
local awaiter = spawn(function() await(sub) print "never" end)
sleep(1)
sub:cancel "no need"                               -- expect stderr is: Error in task: cancelled: no need
sleep(1)
print(sub:status(), awaiter:status())              -- expect: cancelled	failed
print(awaiter.error == sub.error)                  -- expect: true
-- expect status: 1
