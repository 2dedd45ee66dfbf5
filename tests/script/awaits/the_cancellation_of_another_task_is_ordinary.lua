local sub = spawn(sleep, 10)
spawn(function() sleep(1) sub:cancel "no need" end)
local ok, err = pcall(await, sub)
print(ok, err.kind, err.reason, err == sub.error)  -- expect: false	cancelled	no need	true
print(xpcall(await, function(e) return "handled " .. e.reason end, sub))  -- expect: false	handled no need
print(coroutine.resume(coroutine.create(await), sub))  -- expect: false	cancelled: no need
print(pcall(coroutine.wrap(await), sub))           -- expect: false	cancelled: no need
print(sub:pawait())                                -- expect: false	cancelled: no need
print(sleep(1))                                    -- expect: 1.0
