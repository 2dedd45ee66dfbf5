-- Both are collected while they are held.
spawn({name = "a"}, function()
  async.lock("db"):acquire()
  collectgarbage()
  collectgarbage()
end)
spawn({name = "b"}, function()
  async.lock():acquire()
  collectgarbage()
  collectgarbage()
end)
-- expect stderr is: Error in task: ended while it held lock 'db', which is gone
-- expect stderr is: task #2 a
-- expect stderr is: Error in task: ended while it held a lock that is gone
-- expect stderr is: task #3 b
-- expect status: 1
