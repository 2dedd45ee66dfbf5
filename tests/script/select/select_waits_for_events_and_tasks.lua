local event, ch = async.event(), async.channel(0)
spawn(function()
  sleep(1)
  event:set()
end)
local task = spawn(function()
  sleep(2)
  return "a", nil, "b"
end)
print(async.select{ch, event, task})               -- expect: 2
print(async.now())                                 -- expect: 1.0
event:clear()
print(async.select{ch, event, task})               -- expect: 3	true	a	nil	b
print(async.now())                                 -- expect: 2.0
