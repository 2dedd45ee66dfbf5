-- The order of creation decides who steps first, not the order of waiting.
local event = async.event()
for i = 1, 3 do
  spawn(function()
    sleep(3 - i)
    print(i, select("#", event:wait()), async.now())
  end)
end
sleep(5)
event:set()
print("set")
-- expect: set
-- expect: 1	0	5.0
-- expect: 2	0	5.0
-- expect: 3	0	5.0
