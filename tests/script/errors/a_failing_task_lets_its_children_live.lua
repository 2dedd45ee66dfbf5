-- options: --virtual-time --traceback=off
spawn(function()
  spawn(function() print(sleep(1)) end)            -- expect: 1.0
  error("parent", 0)                               -- expect stderr is: Error in task: parent
end)
-- expect status: 1
