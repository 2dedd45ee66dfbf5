-- Others come and go meanwhile, and its coroutine is gone.
local task = spawn(function() return {"one"}, "two" end)
local failed = spawn(error, {code = 7})
print((failed:pawait()))                           -- expect: false
for _ = 1, 100 do spawn(function() return "other" end) end
sleep(0)
collectgarbage()
for _ = 1, 100 do spawn(error, {code = 8}):pawait() end
collectgarbage()
local first, second = task:await()
print(first[1], second)                            -- expect: one	two
print(select(2, failed:pawait()).code)             -- expect: 7
print(task.id, failed.id, task:status(), failed:status())  -- expect: 2	3	done	failed
