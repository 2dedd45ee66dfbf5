local ch = async.channel(0)
for i = 1, 3 do
  spawn(function() print("receiver " .. i, ch:recv(), async.now()) end)
end
sleep(1)
ch:close()
-- expect: receiver 1	nil	1.0
-- expect: receiver 2	nil	1.0
-- expect: receiver 3	nil	1.0
