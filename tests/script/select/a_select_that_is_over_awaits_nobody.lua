-- options: --virtual-time --traceback=off
local task = spawn(function()
  sleep(2)
  error("nobody waits for this one", 0)            -- expect stderr is: Error in task: nobody waits for this one
end)
print(async.select{task, timeout = 1})             -- expect: nil	timeout
sleep(5)
-- expect status: 1
