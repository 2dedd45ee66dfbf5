-- options: --virtual-time --trace
local task = spawn({name = "task"}, function()
  local guard <close> = async.defer(function() async.shield(sleep, 1) end)
  sleep(10)
end)
local never = spawn({name = "never"}, print)
never:cancel()
sleep(1)
task:cancel()
-- expect stderr: #3 never                              cancel
-- expect stderr: 1.000000  #2 task                               step 2
-- expect stderr: #2 task                               yield   sleep 1s until 2.000000
-- expect stderr: 2.000000  #2 task                               cancel
