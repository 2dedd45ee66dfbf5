local f = function() end
local function try(...) print(select(2, pcall(async.thread, f, ...))) end
try({a = {b = {1, 2, print}}})
-- expect: thread: cannot copy a function to another thread: argument 1, at .a.b[3]
try(1, f)                -- expect: thread: cannot copy a function to another thread: argument 2
try(coroutine.create(f))
-- expect: thread: cannot copy a coroutine to another thread: argument 1
try({[true] = io.stdout})
-- expect: thread: cannot copy a userdata to another thread: argument 1, at [true]
try({["no name"] = setmetatable({}, {})})
-- expect: thread: cannot copy a table with a metatable to another thread: argument 1, at ["no name"]
try({[f] = 1})
-- expect: thread: cannot copy a function to another thread: argument 1, at [a function]
try({[1.5] = {[{f}] = 1}})
-- expect: thread: cannot copy a function to another thread: argument 1, at [1.5][a table][1]
print(select(2, pcall(async.thread, function() return 1, {x = print} end)))
-- expect: $FILE:16: cannot copy a function to another thread: result 2, at .x

-- Where the library calls, as for map, the place is where the function begins.
local function give(value) return value end
print(select(2, pcall(async.map, {1, f}, give, {threads = true})))
-- expect: $FILE:20: thread: cannot copy a function to another thread: argument 1
print(select(2, pcall(async.map, {1}, function() return f end, {threads = true})))
-- expect: $FILE:23: thread: the function uses the local 'f' of what is around it, which another thread has not: hand it over as an argument
local ch = async.channel(1)
ch:send(f)
try(ch)
-- expect: thread: cannot copy a function to another thread: what lies in the channel
print(ch:recv() == f)                        -- expect: true
async.thread(f, ch)
print(pcall(ch.send, ch, {f}))
-- expect: false	send: cannot copy a function to another thread: the value, at [1]
print(pcall(ch.try_send, ch, f))
-- expect: false	try_send: cannot copy a function to another thread: the value
