local ch = async.channel(0)
spawn(function()
  for i = 1, 2 do
    sleep(1)
    ch:send(i == 2)
  end
  sleep(1)
  ch:close()
end)
for v in ch:iter() do print(v, async.now()) end
-- expect: false	1.0
-- expect: true	2.0
print("over", async.now())                         -- expect: over	3.0
