local a, b, event = async.channel(2), async.channel(2), async.event()
local task = spawn(function() return "result" end)
for i = 1, 2 do
  a:send("a" .. i)
  b:send("b" .. i)
end
event:set()
sleep(0)
print(async.select{a, b, event, task})             -- expect: 1	a1
print(#a, #b, event:is_set(), task:await())        -- expect: 1	2	true	result
print(async.select{event, a, b})                   -- expect: 1
print(#a, #b, event:is_set())                      -- expect: 1	2	true
