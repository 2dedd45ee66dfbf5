local outer = 1
print(pcall(async.thread, function() return outer end))
-- expect: false	thread: the function uses the local 'outer' of what is around it, which another thread has not: hand it over as an argument
print(pcall(async.thread, print))
-- expect: false	thread: a function of C cannot be copied to another thread
print(pcall(async.thread, 5))  -- expect: false	thread: expected a function as argument 1, got number
print(pcall(async.thread))     -- expect: false	thread: expected a function as argument 1, got no value
global = "here"
print(async.thread(function() return global end))          -- expect: nil
print(async.thread(load "local inner = 4; return (function() return inner end)()"))  -- expect: 4
print(async.thread(function() g = 1 return g, _ENV == _G end))  -- expect: 1	true
print(async.thread(function() return g end))               -- expect: nil

-- Other globals than those that all have would be replaced silently.
print(pcall(async.thread, load("return x", "mine", "t", {x = 1})))
-- expect: false	thread: the function has an _ENV of its own, and globals of another thread are others
local _ENV = setmetatable({}, {__index = _G})
print(pcall(async.thread, function() return x end))
-- expect: false	thread: the function has an _ENV of its own, and globals of another thread are others
