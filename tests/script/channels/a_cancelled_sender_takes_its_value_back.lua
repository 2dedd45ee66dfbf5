local ch = async.channel(0)
local first = spawn(function() ch:send("taken back") end)
spawn(function() ch:send("second") end)
sleep(0)
first:cancel()
print(ch:recv())                                   -- expect: second
local full = async.channel(1)
full:send("held")
print(async.move_on_after(1, full.send, full, "taken back"))  -- expect: nil	timeout
print(full:recv(), #full)                          -- expect: held	0
print(async.move_on_after(1, full.recv, full))     -- expect: nil	timeout
