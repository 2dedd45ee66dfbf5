local a, b = async.channel(0), async.channel(0)
for i = 1, 2 do
  spawn(function() print("select " .. i, async.select{a, b}) end)
end
sleep(1)
b:send("first")
a:send("second")
-- expect: select 1	2	first
-- expect: select 2	1	second
