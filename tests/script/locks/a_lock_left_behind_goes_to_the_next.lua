-- options: --virtual-time --traceback=off
local first, second = async.lock("first"), async.lock("second")
local careless = spawn(function()
  first:acquire()
  second:acquire()
  sleep(10)
end)
spawn(function() first:with(print, "got the first") end)
spawn(function() second:with(print, "got the second") end)
sleep(1)
careless:cancel()
-- expect: got the first
-- expect: got the second
-- expect stderr: Error in task: ended while it held lock
-- expect status: 1
