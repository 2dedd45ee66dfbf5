local ch = async.channel(0)
spawn(function()
  sleep(1)
  ch:send("x")
end)
local _, value = async.select{ch, timeout = 1}
if value == "timeout" then value = ch:recv() end
print(value, async.now())                          -- expect: x	1.0
