local before = async.now()
for _ = 1, 1e5 do end
print(async.now() - before)                        -- expect: 0.0
print(sleep(1e6), async.now())                     -- expect: 1000000.0	1000000.0
