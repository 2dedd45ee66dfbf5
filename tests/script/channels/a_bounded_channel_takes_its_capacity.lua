local ch = async.channel(2)
spawn(function()
  for i = 1, 5 do
    ch:send(i)
    print("sent", i, async.now())
  end
end)
spawn(function()
  for _ = 1, 5 do
    sleep(1)
    print("got", ch:recv())
  end
end)
-- expect: sent	1	0.0
-- expect: sent	2	0.0
-- expect: got	1
-- expect: sent	3	1.0
-- expect: got	2
-- expect: sent	4	2.0
-- expect: got	3
-- expect: sent	5	3.0
-- expect: got	4
-- expect: got	5
