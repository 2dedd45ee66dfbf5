local ch = async.channel(3)
spawn(function() print("another task") end)
ch:send("a")
ch:send(false)
ch:send("c")
ch:close()
ch:close()
print(#ch, ch:recv(), ch:recv(), ch:recv(), ch:recv(), ch:recv())  -- expect: 3	a	false	c	nil	nil
print(select("#", ch:recv()))                      -- expect: 1
-- expect: another task
