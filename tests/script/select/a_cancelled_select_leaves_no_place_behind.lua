local a, b = async.channel(0), async.channel(1)
local task = spawn(function()
  print("never", async.select{a, b, async.event(), spawn(sleep, 5), timeout = 10})
end)
sleep(1)
task:cancel()
b:send("kept")
print(async.move_on_after(1, a.send, a, "nobody receives it"))  -- expect: nil	timeout
print(#b, task:pawait())                           -- expect: 1	false	cancelled
print(async.move_on_after(1, async.select, {a}))   -- expect: nil	timeout
print(async.move_on_after(1, a.send, a, "nor this"))  -- expect: nil	timeout
