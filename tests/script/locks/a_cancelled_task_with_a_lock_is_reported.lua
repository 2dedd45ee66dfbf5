-- options: --virtual-time --traceback=off
local lock = async.lock "db"
local task = spawn(function()
  lock:acquire()
  sleep(10)
end)
sleep(1)
task:cancel()
lock:acquire()
-- expect stderr is: Error in task: ended while it held lock 'db'
lock:release()
print(task:status(), async.now())                  -- expect: cancelled	1.0
-- expect status: 1
