-- options: --virtual-time --traceback=off
spawn({daemon = true}, function() error("daemon", 0) end)
sleep(1)
print("goes on")                                   -- expect: goes on
-- expect stderr is: Error in task: daemon
-- expect status: 1
