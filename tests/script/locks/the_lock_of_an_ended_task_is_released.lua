local lock = async.lock("db")
spawn({name = "careless"}, function()
  lock:acquire()
  sleep(1)
end)
-- expect stderr is: Error in task: ended while it held lock 'db'
-- expect stderr: task #2 careless
sleep(0)
local guard <close> = lock:acquire()
print("released all the same", async.now())        -- expect: released all the same	1.0
-- expect status: 1
