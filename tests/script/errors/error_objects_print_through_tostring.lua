-- options: --virtual-time --traceback=off
spawn(function()
  error(setmetatable({}, {__tostring = function() return "an object" end}))
end)
-- expect stderr is: Error in task: an object
spawn(function() error(setmetatable({}, {__tostring = function() error "no" end})) end)
-- expect stderr: Error in task: (error object is a table value, and its __tostring failed:
spawn(function() error(setmetatable({}, {__tostring = function() return {} end})) end)
-- expect stderr is: Error in task: (error object is a table value, and its __tostring failed: '__tostring' must return a string)
spawn(error)                                       -- expect stderr is: Error in task: (error object is a nil value)
spawn(error, {})                                   -- expect stderr is: Error in task: (error object is a table value)
spawn(error, 7)                                    -- expect stderr is: Error in task: 7
spawn(error, false)                                -- expect stderr is: Error in task: (error object is a boolean value)
spawn(error, print)                                -- expect stderr is: Error in task: (error object is a function value)
spawn(error, "")                                   -- expect stderr is: Error in task: 
-- expect status: 1
