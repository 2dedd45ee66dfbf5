local ch, event = async.channel(1), async.event()
spawn(function() print("another task") end)
print(async.select{ch, event, timeout = 0})        -- expect: nil	timeout
ch:send("there")
print(async.select{ch, event, timeout = 0})        -- expect: 1	there
event:set()
print(async.select{ch, event, timeout = -1})       -- expect: 2
print(async.select{timeout = 0})                   -- expect: nil	timeout
print(async.now())                                 -- expect: 0.0
-- expect: another task
