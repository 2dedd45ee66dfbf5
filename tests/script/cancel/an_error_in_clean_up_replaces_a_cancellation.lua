-- options: --virtual-time --traceback=off
local task = spawn(function()
  local outer <close> = async.defer(function(err) print("outer got", err) end)
  local inner <close> = async.defer(function() error("in clean-up", 0) end)
  sleep(10)
end)
sleep(1)
task:cancel()
sleep(1)
-- expect: outer got	in clean-up
-- expect stderr is: Error in task: in clean-up
print(task:status(), task.error)                   -- expect: failed	in clean-up
-- expect status: 1
