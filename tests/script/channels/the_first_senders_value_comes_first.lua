local ch = async.channel(0)
spawn(function()
  sleep(1)
  ch:send("second")
  print("elder sent", async.now())
end)
spawn(function()
  ch:send("first")
  print("younger sent", async.now())
end)
sleep(2)
print(ch:recv(), ch:recv())                        -- expect: first	second
-- expect: elder sent	2.0
-- expect: younger sent	2.0
