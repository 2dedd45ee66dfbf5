local ch = async.channel(0)
print(async.select{ch, async.event(), timeout = 1.5})  -- expect: nil	timeout
print(async.now())                                 -- expect: 1.5
print(async.select{timeout = 1})                   -- expect: nil	timeout
spawn(function()
  sleep(1)
  ch:send("in time")
end)
print(async.select{ch, timeout = 2})               -- expect: 1	in time
print(async.now())                                 -- expect: 3.5
sleep(5)
print(async.select{async.event(), timeout = math.huge, ch, spawn(sleep, 1)})  -- expect: 3	true	1.0
