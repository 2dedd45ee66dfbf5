-- options: --virtual-time --traceback=off
spawn(function()
  sleep(1)
  error("broken", 0)                               -- expect stderr is: Error in task: broken
end)
spawn(function()
  sleep(2)
  print("still here")                              -- expect: still here
end)
sleep(3)
error("and the script itself", 0)                 -- expect stderr is: Error in task: and the script itself
-- expect status: 1
