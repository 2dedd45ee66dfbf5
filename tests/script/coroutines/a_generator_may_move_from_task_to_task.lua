local generator = coroutine.wrap(function()
  for i = 1, 3 do
    sleep(1)
    coroutine.yield(i, async.current().name)
  end
end)
local function take(start)
  sleep(start)
  print(generator())
end
spawn({name = "a"}, take, 0)                       -- expect: 1	a
spawn({name = "b"}, take, 1.5)                     -- expect: 2	b
spawn({name = "c"}, take, 3)                       -- expect: 3	c
