for _ = 1, 3 do pcall(coroutine.yield, {action = "fly"}) end
print(sleep(1), async.now())                       -- expect: 1.0	1.0
