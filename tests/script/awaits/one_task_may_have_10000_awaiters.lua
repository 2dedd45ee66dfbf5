local task = spawn(function() sleep(1) return "result" end)
local count, last, in_order = 0, 0, true
for i = 1, 10000 do
  spawn(function()
    if await(task) == "result" then count = count + 1 end
    in_order = in_order and i == last + 1
    last = i
  end)
end
sleep(2)
print(count, in_order)                             -- expect: 10000	true
