-- A plain spawn: only its own cancellation reaches it.
local child
local task = spawn(function()
  child = spawn(function() print("child", sleep(2)) end)
  local guard <close> = async.defer(function()
    spawn(function() print("grandchild", sleep(1)) end)
  end)
  sleep(10)
end)
sleep(1)
task:cancel()
print((task:pawait()), child:status())             -- expect: false	waiting	sleep 2s
-- expect: child	2.0
-- expect: grandchild	1.0
