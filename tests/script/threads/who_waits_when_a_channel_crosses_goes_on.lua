local ch = async.channel(1, "ch")
local got = spawn(function() return ch:recv() end)
local selected = spawn(function() return async.select{ch} end)
async.checkpoint()
local t = spawn(async.thread, function(c) c:send "a" c:send "b" end, ch)
print((got:await()))                         -- expect: a
print(selected:await())                      -- expect: 1	b
await(t)
local full = async.channel(1)
full:send(1)
local sender = spawn(function() full:send(2) return "sent" end)
async.checkpoint()
print(async.thread(function(c) return c:recv(), c:recv() end, full))  -- expect: 1	2
print(sender:await())                        -- expect: sent
local closed = async.channel(2)
closed:send(7)
closed:close()
print(async.thread(function(c) return c:recv(), c:recv(), c:try_recv() end, closed))
-- expect: 7	nil	nil	closed
