-- options: --seed=1
local on = true
local function chain() if on then spawn(chain) end end
spawn(chain)
for i = 1, 3 do
  sleep(0.001)
  print("tick", i)
end
print(async.move_on_after(0.001, sleep, 60))
on = false
-- expect: tick	1
-- expect: tick	2
-- expect: tick	3
-- expect: nil	timeout
