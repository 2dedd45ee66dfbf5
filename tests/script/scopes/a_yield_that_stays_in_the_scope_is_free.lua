local function numbers(n)
  return coroutine.wrap(function()
    for i = 1, n do
      sleep(1)
      coroutine.yield(i)
    end
  end)
end
async.scope(function()
  for i in numbers(2) do print(i) end
  -- expect: 1
  -- expect: 2
  print(select("#", coroutine.yield()))            -- expect: 0
  print(coroutine.yield{action = "sleep", delay = 1})  -- expect: 1.0
  async.shield(function()
    print(numbers(1)())                            -- expect: 1
    async.move_on_after(5, function()
      for i in numbers(1) do print(i) end          -- expect: 1
      coroutine.yield()
    end)
  end)
end)
-- A lock is no scope: the generator may keep it.
local lock = async.lock()
local locked = coroutine.wrap(function()
  return lock:with(function()
    coroutine.yield "with the lock"
    return "and out"
  end)
end)
print(locked())                                    -- expect: with the lock
print(locked())                                    -- expect: and out
-- Made outside, used inside, and the other way round.
local ready = numbers(3)
async.scope(function() print(ready()) end)         -- expect: 1
async.scope(function() print(ready()) end)         -- expect: 2
print(ready(), async.now())                        -- expect: 3	8.0
