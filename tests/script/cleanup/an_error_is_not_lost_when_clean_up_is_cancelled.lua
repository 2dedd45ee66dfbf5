-- Outer clean-up waits while an error is on its way, and is cancelled there: the
-- cancellation goes on, and the error is reported.
local task = spawn({name = "rollback"}, function()
  local log <close> = async.defer(function() sleep(0) end)
  local db <close> = async.defer(function() error("rollback failed", 0) end)
  sleep(9)
end)
sleep(1)
task:cancel()
-- expect stderr is: Error in task: rollback failed
-- expect stderr is: task #2 rollback
sleep(1)
print(task:status())                               -- expect: cancelled
print(async.move_on_after(1, function()
  local slow <close> = async.defer(function() sleep(5) end)
  error("real failure", 0)
end))
-- expect: nil	timeout
-- expect stderr is: Error in task: real failure
-- expect stderr is: task #1 an_error_is_not_lost_when_clean_up_is_cancelled.lua
-- expect status: 1
