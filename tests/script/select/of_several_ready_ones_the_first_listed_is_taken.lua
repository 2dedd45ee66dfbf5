local a, b, event = async.channel(1), async.channel(1), async.event()
local task = spawn(function() return "ended" end)
a:send("from a")
b:send("from b")
event:set()
sleep(0)
print(async.select{b, a, event, task})             -- expect: 1	from b
print(async.select{b, a, event, task})             -- expect: 2	from a
print(async.select{b, a, event, task})             -- expect: 3
print(async.select{b, a, task, event})             -- expect: 3	true	ended
print(async.select{event, task, timeout = 0})      -- expect: 1
