-- expect status: 1
print(async.thread(function()
  spawn(function() error("nobody awaits this", 0) end)
  sleep(0)
  return "done"
end))                                        -- expect: done
-- expect stderr is: Error in task: nobody awaits this
-- expect stderr: task #2
-- expect stderr: spawned at
