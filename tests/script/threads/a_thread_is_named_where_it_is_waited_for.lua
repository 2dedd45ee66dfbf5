local t = spawn(async.thread, function() sleep(1000) end)
sleep(0.01)
print((async.tree():match "waiting, (thread %d[^\n]*)"))  -- expect: thread 1 '$FILE:1'
print(select(2, t:status()))                 -- expect: thread 1 '$FILE:1'
t:cancel()
