package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
spawn(function() print((require "sets_itself").by, async.now()) end)
spawn(function() print((require "sets_itself").by, async.now()) end)
-- As in Lua, what stands in package.loaded is the module: the second need not wait.
-- expect: hand	0.0
-- expect: hand	1.0
