-- Whatever it yields, at any depth: an action is one only in a task itself.
local function inner()
  sleep(1)
  coroutine.yield{action = "sleep", delay = 100}
  coroutine.yield()
  coroutine.yield(nil, "second")
  coroutine.yield{action = "fly"}
  coroutine.yield(7)
end
local outer = coroutine.wrap(function()
  local generator = coroutine.wrap(inner)
  for i = 1, 5 do
    local values = table.pack(generator())
    sleep(1)
    coroutine.yield(i, values)
  end
end)
for _ = 1, 5 do
  local i, values = outer()
  local first = values[1]
  print(i, values.n, type(first) == "table" and first.action or first, values[2])
end
print(async.now())
-- expect: 1	1	sleep	nil
-- expect: 2	0	nil	nil
-- expect: 3	2	nil	second
-- expect: 4	1	fly	nil
-- expect: 5	1	7	nil
-- expect: 6.0
