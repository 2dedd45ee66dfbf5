print(sleep(1.5))                                  -- expect: 1.5
print(sleep(0))                                    -- expect: 0.0
print(sleep(-3))                                   -- expect: 0.0
print(coroutine.yield{action = "sleep", delay = 2})  -- expect: 2.0
print(sleep "0.25")                                -- expect: 0.25
print(select("#", sleep(1)))                       -- expect: 1
