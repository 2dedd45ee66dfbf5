local wake
async.actions.double = function(request, w) w(2 * request.x) end
async.actions.outside = function(_, w) wake = w end
local object = setmetatable({}, {__await = function()
  return coroutine.yield{action = "double", x = 4} + coroutine.yield{action = "outside"}
end})
local generator = coroutine.wrap(function()
  coroutine.yield(await{action = "double", x = 1})
  coroutine.yield(await{action = "outside"})
  coroutine.yield(await(object))
  -- A plain yield is the generator's own.
  coroutine.yield{action = "double", x = 5}
end)
spawn(function()
  for i = 1, 2 do
    sleep(1)
    wake(10 * i)
  end
end)
print(generator())                                 -- expect: 2
print(generator(), async.now())                    -- expect: 10	1.0
print(generator(), async.now())                    -- expect: 28	2.0
print(generator().x)                               -- expect: 5
