package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local generator = coroutine.wrap(function()
  coroutine.yield((require "nested_sleep"))
end)
print(generator(), async.now())                    -- expect: 6	3.0
