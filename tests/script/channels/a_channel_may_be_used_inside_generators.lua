local ch = async.channel(0)
local produce = coroutine.wrap(function()
  for i = 1, 3 do
    ch:send(i)
    coroutine.yield("sent " .. i)
  end
end)
local receive = coroutine.wrap(function()
  while true do coroutine.yield(ch:recv()) end
end)
spawn(function()
  for _ = 1, 3 do print(produce()) end
end)
for _ = 1, 3 do print("got " .. receive()) end
-- expect: sent 1
-- expect: got 1
-- expect: got 2
-- expect: sent 2
-- expect: sent 3
-- expect: got 3
