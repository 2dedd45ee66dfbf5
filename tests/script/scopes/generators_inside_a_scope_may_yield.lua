print(async.scope(function(s)
  local generator = coroutine.wrap(function()
    for i = 1, 3 do
      sleep(1)
      coroutine.yield(i)
    end
  end)
  s:spawn(function()
    sleep(1.5)
    print("child", async.now())
  end)
  local sum = 0
  for i in generator do sum = sum + i end
  return sum, async.now()
end))
-- expect: child	1.5
-- expect: 6	3.0
