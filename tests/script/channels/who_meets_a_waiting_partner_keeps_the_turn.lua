-- Both meet their partner in the second pass, and go on; what the partner got it
-- sees in the third.
local a, b = async.channel(0), async.channel(0)
spawn(function() print("receiver got", a:recv()) end)
spawn(function()
  b:send("from the sender")
  print("sender is rid of it")
end)
sleep(0)
spawn(function() print("bystander") end)
a:send("from main")
print("main sent")
print("main got", b:recv())
-- expect: main sent
-- expect: main got	from the sender
-- expect: bystander
-- expect: receiver got	from main
-- expect: sender is rid of it
