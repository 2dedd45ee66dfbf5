async.with_timeout(2, sleep, 1)
pcall(async.with_timeout, 2, error, "boom")
async.move_on_after(2, function() end)
async.scope(function(s) s:spawn(async.with_timeout, 2, sleep, 1) end)
print(sleep(10), async.now())                      -- expect: 10.0	12.0
