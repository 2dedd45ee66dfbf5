-- Whether the receiver gets it in time or not, it is received once.
local ch = async.channel(0)
spawn(function()
  sleep(1)
  ch:send("x")
end)
local value = async.move_on_after(1, ch.recv, ch) or ch:recv()
print(value, async.now())                          -- expect: x	1.0
local again = async.channel(0)
spawn(function()
  local got = async.move_on_after(1, again.recv, again) or again:recv()
  print(got, async.now())                          -- expect: y	2.0
end)
sleep(1)
again:send("y")
