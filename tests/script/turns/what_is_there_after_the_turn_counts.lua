-- Who gives up the turn before it takes a value stands in no queue meanwhile.
local ch, lock = async.channel(200), async.lock()
for i = 1, 100 do ch:send(i) end
async.checkpoint()
for i = 101, 129 do ch:send(i) end
spawn(function()
  for _ = 1, 128 do ch:recv() end
  print("the first", ch:recv(), async.now())
end)
spawn(function()
  print("the second", ch:recv())
  sleep(1)
  ch:send(130)
end)
sleep(2)
-- expect: the second	129
-- expect: the first	130	1.0
spawn(function()
  for _ = 1, 128 do lock:with(math.abs, 1) end
  lock:acquire()
  print("the lock", async.now())                   -- expect: the lock	3.0
  lock:release()
end)
spawn(function()
  local guard <close> = lock:acquire()
  sleep(1)
end)
