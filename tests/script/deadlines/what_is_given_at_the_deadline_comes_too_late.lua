-- A wait that is due then is in time.  One that another task would end in that pass
-- is not: the deadline comes first, and what was given goes to the next.
local lock, ch, event = async.lock(), async.channel(1), async.event()
local child = spawn(function()
  local guard <close> = lock:acquire()
  sleep(1)
  ch:send("a value")
  event:set()
end)
sleep(0)
for _, wait in ipairs{
  function() lock:acquire() end, function() ch:recv() end, function() event:wait() end,
  function() child:await() end, function() async.select{ch, event} end,
} do
  spawn(function() print(async.move_on_after(1, wait)) end)
end
-- expect: nil	timeout
-- expect: nil	timeout
-- expect: nil	timeout
-- expect: nil	timeout
-- expect: nil	timeout
spawn(function()
  print(async.move_on_after(1, function()          -- expect: in time
    sleep(1)
    return "in time"
  end))
end)
sleep(2)
lock:with(print, "nobody holds the lock")          -- expect: nobody holds the lock
print(ch:recv(), event:is_set())                   -- expect: a value	true
