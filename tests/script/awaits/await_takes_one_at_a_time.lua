local function brew(what) sleep(1) return what end
local a, b = spawn(brew, "tea"), spawn(brew, "coffee")
local object = setmetatable({}, {__await = function() return "object" end})
print(pcall(function() await(a, b) end))
-- expect: false	$FILE:4: await: one at a time; several tasks are awaited by async.all{a, b}
print(pcall(await, a, nil, b))
-- expect: false	await: one at a time; several tasks are awaited by async.all{a, b}
print((pcall(await, a, object)))                   -- expect: false
print((pcall(await, object, {action = "sleep", delay = 1})))  -- expect: false
print(pcall(a.await, a, b))
-- expect: false	await: one at a time; several tasks are awaited by async.all{a, b}
print(pcall(a.pawait, a, b))
-- expect: false	pawait: one at a time; several tasks are awaited by async.all{a, b}
print(async.now())                                 -- expect: 0.0
-- What a function returns besides the task is no mistake.
local function start() return a, 1, "two", {}, nil end
print(await(start()))                              -- expect: tea
print(a:pawait(1, {}))                             -- expect: true	tea
print(await({action = "sleep", delay = 1}, 2))     -- expect: 1.0
