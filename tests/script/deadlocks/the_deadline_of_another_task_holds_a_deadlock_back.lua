local never = async.event "never"
local guard <close> = async.defer(function() print(async.now()) end)
spawn(function() print(async.move_on_after(4, never.wait, never)) end)
never:wait()
-- expect: nil	timeout
-- expect: 4.0
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: never
-- expect status: 3
