local a, b = async.channel(0), async.channel(0)
spawn(function()
  b:send("x")
  print("rid of it", async.now())
end)
sleep(1)
print(async.select{a, b})                          -- expect: 2	x
-- expect: rid of it	1.0
