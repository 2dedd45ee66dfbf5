-- options: --virtual-time --timeout=100 --grace=50
-- Not when the time of the run is over; and it is a deadlock, not a timeout.
spawn(sleep, 2)
local guard <close> = async.defer(function() print(async.now()) end)  -- expect: 2.0
async.event():wait()
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: event
-- expect status: 3
