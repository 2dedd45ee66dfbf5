local ch = async.channel(0)
spawn(function()
  sleep(1)
  ch:send("once")
end)
print(async.select{ch, ch})                        -- expect: 1	once
print(async.move_on_after(1, ch.send, ch, "nobody receives it"))  -- expect: nil	timeout
