local count = 0
local function tick() count = count + 1 end
print(async.move_on_after(3.5, async.every, 1, tick))  -- expect: nil	timeout
print(count, async.now())                          -- expect: 3	3.5
print(async.move_on_after(2, async.every, 1, tick))  -- expect: nil	timeout
print(count, async.now())                          -- expect: 5	5.5
local task = spawn(async.every, 1, tick)
sleep(0.5)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
print(count)                                       -- expect: 5
