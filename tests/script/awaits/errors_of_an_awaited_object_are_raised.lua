local function awaitable(fn) return setmetatable({}, {__await = fn}) end
print(pcall(await, awaitable(function() error("raised", 0) end)))  -- expect: false	raised
print(pcall(await, awaitable(function() sleep(1) error("late", 0) end)))  -- expect: false	late
print(pcall(await, awaitable(function() coroutine.yield{action = "fly"} end)) == false)  -- expect: true
-- A mistake is raised at the yield, in the same step: the generator may catch it.
spawn(print, "the other")
print(await(awaitable(function() return pcall(coroutine.yield, {action = "fly"}) end)))
-- expect: false	Unknown async action 'fly'.
print((await(awaitable(function() return (pcall(coroutine.yield, 7)) end))))  -- expect: false
print((pcall(await, setmetatable({}, {__await = 7}))))  -- expect: false
sleep(0)
-- expect: the other
