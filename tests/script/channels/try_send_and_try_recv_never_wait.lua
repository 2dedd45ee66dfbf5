local full = async.channel(1)
print(full:try_send("a"))                -- expect: true
print(full:try_send("b"))                -- expect: nil	full
print(full:try_recv())                   -- expect: a
print(full:try_recv())                   -- expect: nil	empty
print(full:try_send(false), full:try_recv())  -- expect: true	false

-- A rendezvous: only with a partner that waits.
local meet = async.channel()
print(meet:try_send(1))                  -- expect: nil	full
print(meet:try_recv())                   -- expect: nil	empty
local got
local receiver = spawn(function() got = meet:recv() end)
sleep(0)
print(meet:try_send("to him"), meet:try_send("to nobody"))  -- expect: true	nil	full
receiver:await()
print(got)                               -- expect: to him
local sender = spawn(function() meet:send("from him") end)
sleep(0)
print(meet:try_recv())                   -- expect: from him
print(meet:try_recv())                   -- expect: nil	empty
sender:await()

-- A sender that waits moves up.
local one = async.channel(1)
one:send(1)
spawn(function() one:send(2) end)
sleep(0)
print(one:try_recv(), one:try_recv())    -- expect: 1	2

-- A select that waits is served as well.
local served = spawn(function() return async.select {one} end)
sleep(0)
print(one:try_send("x"), served:await()) -- expect: true	1	x

-- What a closed one still has is received.
one:send("last")
one:close()
print(one:try_send("y"))                 -- expect: nil	closed
print(one:try_recv())                    -- expect: last
print(one:try_recv())                    -- expect: nil	closed

print(pcall(one.try_send, one))          -- expect: false	try_send: cannot send nil
print(select(2, pcall(one.try_recv, 5)):match("%(.*"))  -- expect: (Channel expected, got number)

-- No wait: also where none can be, and in a cancelled task.
print((("ab"):gsub(".", function(c) full:try_send(c) return full:try_recv() end)))  -- expect: ab
local task = spawn(function()
  local _ <close> = async.defer(function() print(full:try_send("clean-up")) end)
  sleep(9)
end)
sleep(0)
task:cancel()
task:pawait()                            -- expect: true
print(full:try_recv())                   -- expect: clean-up
