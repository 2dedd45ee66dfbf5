local function ticks(n)
  return coroutine.wrap(function()
    for i = 1, n do
      sleep(0.5)
      coroutine.yield(i)
    end
  end)
end
for i in ticks(2) do print(i, async.now()) end
-- expect: 1	0.5
-- expect: 2	1.0
for i in function(_, i) sleep(1) return i < 2 and i + 1 or nil end, nil, 0 do
  print(i, async.now())
end
-- expect: 1	2.0
-- expect: 2	3.0
