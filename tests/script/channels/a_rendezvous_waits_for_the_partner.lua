local ch = async.channel(0)
spawn(function()
  print("send begins", async.now())                -- expect: send begins	0.0
  print(select("#", ch:send("x")))
  print("sent", async.now())
end)
spawn(function()
  sleep(1)
  print("received", ch:recv())                     -- expect: received	x
end)
-- expect: 0
-- expect: sent	1.0
sleep(2)
spawn(function()
  sleep(1)
  ch:send("y")
end)
print("received", ch:recv(), async.now())          -- expect: received	y	3.0
