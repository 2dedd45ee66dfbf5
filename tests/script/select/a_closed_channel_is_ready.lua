local closed, full = async.channel(0), async.channel(1)
full:send("x")
closed:close()
local index, value = async.select{closed, full}
print(index, value, #full)                         -- expect: 1	nil	1
print(select("#", async.select{closed}))           -- expect: 2
index, value = async.select{full, closed}
print(index, value)                                -- expect: 1	x
full:send("last")
full:close()
print(async.select{full})                          -- expect: 1	last
print(async.select{full})                          -- expect: 1	nil
