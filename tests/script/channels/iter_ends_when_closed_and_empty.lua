local ch = async.channel(2)
local function consumer(name)
  for v in ch:iter() do
    print(name, v)
    sleep(1)
  end
  print(name .. " is over", async.now())
end
spawn(consumer, "a")
spawn(consumer, "b")
for i = 1, 3 do ch:send(i) end
ch:close()
-- expect: a	1
-- expect: b	2
-- expect: a	3
-- expect: b is over	1.0
-- expect: a is over	2.0
