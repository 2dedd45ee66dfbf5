-- options: --virtual-time --traceback=off
spawn(error, {code = 5})                           -- expect stderr is: Error in task: (error object is a table value: {code = 5})
spawn(error, {code = 5, message = "no such page", fatal = true, ratio = 0.5})
-- expect stderr is: Error in task: (error object is a table value: {code = 5, fatal = true, message = "no such page", ratio = 0.5})
spawn(error, {"first", {}, cause = print})         -- expect stderr is: Error in task: (error object is a table value: {[1] = "first", [2] = table, cause = function})
spawn(error, {a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9})
-- expect stderr is: Error in task: (error object is a table value: {a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, ...})
spawn(error, {[print] = 1, [0.5] = 2})             -- expect stderr is: Error in task: (error object is a table value)
spawn(error, setmetatable({1}, {__index = error, __pairs = error}))
-- expect stderr is: Error in task: (error object is a table value: {[1] = 1})
spawn(async.all, {function() error{code = 6} end}) -- expect stderr is: Error in task: (error object is a table value: {code = 6})
-- expect status: 1
