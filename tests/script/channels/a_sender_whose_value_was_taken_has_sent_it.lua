local ch = async.channel(0)
local sender = spawn(function()
  ch:send("x")
  print("sent")
  sleep(0)
  print("never")
end)
sleep(0)
print(ch:recv())                                   -- expect: x
sender:cancel()
-- expect: sent
print(sender:pawait())                             -- expect: false	cancelled
