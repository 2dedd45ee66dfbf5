-- Several tasks of one thread wait: each is told as well when its value comes later.
local c, go, gone = async.channel(1), async.channel(), async.channel()
local sender = spawn(async.thread, function(ch, start, done)
  for i in start:iter() do
    ch:send(i)
    done:send(i)
  end
end, c, go, gone)
local tasks = {}
for i = 1, 3 do tasks[i] = spawn(function() return c:recv() end) end
tasks[4] = spawn(function() return select(2, async.select {c}) end)
for i = 1, 4 do
  go:send(i)
  gone:recv()
  print(async.with_timeout(5, tasks[i].await, tasks[i]))
end
go:close()
sender:await()
-- expect: 1
-- expect: 2
-- expect: 3
-- expect: 4
