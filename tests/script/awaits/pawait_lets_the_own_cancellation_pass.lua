local sub = spawn(sleep, 10)
local task = spawn(function() print("never", sub:pawait()) end)
sleep(1)
task:cancel()
sleep(1)
print(task:status(), sub:status())                 -- expect: cancelled	waiting	sleep 10s
