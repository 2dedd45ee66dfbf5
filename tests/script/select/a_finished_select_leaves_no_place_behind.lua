local a, b, event = async.channel(0), async.channel(0), async.event()
spawn(function()
  sleep(1)
  a:send("x")
end)
print(async.select{a, b, event})                   -- expect: 1	x
print(async.move_on_after(1, b.send, b, "nobody receives it"))  -- expect: nil	timeout
print(async.select{a, b, timeout = 1})             -- expect: nil	timeout
print(async.move_on_after(1, a.send, a, "nor this"))  -- expect: nil	timeout
event:set()
print(async.select{b, event})                      -- expect: 2
