local ch, other = async.channel(0), async.channel(0)
spawn(function()
  sleep(1)
  print("elder received", ch:recv())
end)
spawn(function() print("select received", async.select{other, ch}) end)
sleep(2)
ch:send("first")
ch:send("second")
-- expect: elder received	second
-- expect: select received	2	first
