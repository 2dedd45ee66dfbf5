-- options: --virtual-time --traceback=off
-- Nothing can wait while a failure is described.
spawn(function()
  error(setmetatable({}, {__tostring = function() sleep(1) return "late" end}))
end)
-- expect stderr: Error in task: (error object is a table value, and its __tostring failed:
spawn(function() print(sleep(1)) end)              -- expect: 1.0
-- expect status: 1
