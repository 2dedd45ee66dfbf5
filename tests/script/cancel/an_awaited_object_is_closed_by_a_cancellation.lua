local object = setmetatable({}, {__await = function()
  local guard <close> = async.defer(function(err) print("object", err) end)
  coroutine.yield{action = "sleep", delay = 10}
  print "never"
end})
local task = spawn(function()
  local guard <close> = async.defer(function(err) print("task", err) end)
  pcall(await, object)
  print "never"
end)
sleep(1)
task:cancel()
print((task:pawait()))
-- expect: object	cancelled
-- expect: task	cancelled
-- expect: false
