local function count(n)
  return coroutine.wrap(function()
    for i = 1, n do
      sleep(1)
      coroutine.yield(i, async.now())
    end
    return "end"
  end)
end
spawn(function() for i = 1, 2 do sleep(1) print("meanwhile", i) end end)
local next_one = count(2)
print(next_one())
print(next_one())
print(next_one())
-- expect: 1	1.0
-- expect: meanwhile	1
-- expect: 2	2.0
-- expect: end
-- expect: meanwhile	2
