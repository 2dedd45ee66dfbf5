local event = async.event("ready")
print(event.name, async.event().name)              -- expect: ready	nil
print(event)                                       -- expect: event 'ready'
local task = spawn(event.wait, event)
sleep(0)
print(task:status())                               -- expect: waiting	event 'ready'
event:set()
print((pcall(async.event, {})))                     -- expect: false
print((pcall(event.wait, {})))                     -- expect: false
