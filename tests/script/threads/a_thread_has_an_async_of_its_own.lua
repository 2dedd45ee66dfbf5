print(async.thread(function()
  local began = async.now()
  local list = async.map({1, 2, 3}, function(i) sleep(0.01) return i * 10 end)
  local t = spawn(function() sleep(0.01) return "task" end)
  return list[3], await(t), async.now() - began < 5, async.fs.exists "/"
end))                                        -- expect: 30	task	true	true
print(async.thread(function()
  return async.thread(function(x) return async.thread(function(y) return y + 1 end, x) end, 41)
end))                                        -- expect: 42
print(async.thread(function()
  spawn(function() sleep(0.01) print "it waits for its tasks" end)
end))
-- expect: it waits for its tasks
-- expect:
print(pcall(async.thread, function() async.channel(0):recv() end))
-- expect: false	deadlock: nothing can wake the thread's tasks
print(pcall(async.thread, function() async.with_timeout(0.01, sleep, 100) end))
-- expect: false	timed out after 0.01 seconds
