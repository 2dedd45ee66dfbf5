local event = async.event()
print(event:is_set())                              -- expect: false
event:set()
event:set()
print(event:is_set())                              -- expect: true
event:wait()
event:wait()
print(event:is_set(), async.now())                 -- expect: true	0.0
event:clear()
event:clear()
print(event:is_set())                              -- expect: false
print(async.move_on_after(1, event.wait, event))   -- expect: nil	timeout
