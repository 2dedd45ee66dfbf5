-- What it yields never reaches the consumer of a generator around it, and what
-- a generator of its own yields stays its own.
local object = setmetatable({}, {__await = function()
  local requests = coroutine.wrap(function()
    coroutine.yield{action = "sleep", delay = 1}
    coroutine.yield{action = "fly"}
  end)
  local slept = coroutine.yield(requests())
  return slept, requests().action
end})
local generator = coroutine.wrap(function()
  coroutine.yield(await(object))
  coroutine.wrap(function() print("deeper", await(object)) end)()
  coroutine.yield(await(object))
end)
print(generator())                                 -- expect: 1.0	fly
print(generator())
-- expect: deeper	1.0	fly
-- expect: 1.0	fly
print(async.now())                                 -- expect: 3.0
