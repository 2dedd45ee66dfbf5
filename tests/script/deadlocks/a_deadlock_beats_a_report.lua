-- options: --virtual-time --traceback=off
spawn(error, "reported")                           -- expect stderr is: Error in task: reported
async.event():wait()
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: event
-- expect status: 3
