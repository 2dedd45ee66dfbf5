package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local co = coroutine.create(function() return pcall(require, "yields") end)
local resumed, ok, message = coroutine.resume(co)
print(resumed, ok, message:match("cannot yield out of require '.*'"))
-- expect: true	false	cannot yield out of require 'yields'
print(coroutine.status(co))                        -- expect: dead
