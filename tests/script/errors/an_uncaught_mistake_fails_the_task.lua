-- options: --virtual-time --traceback=off
spawn(function()
  coroutine.yield{action = "fly"}  -- expect stderr is: Error in task: $FILE:$LINE: Unknown async action 'fly'.
end)
spawn(function()
  coroutine.yield(7)  -- expect stderr is: Error in task: $FILE:$LINE: a task must yield a table with an action, got a number
end)
spawn(function()
  sleep "x"  -- expect stderr is: Error in task: $FILE:$LINE: sleep: delay must be a number of seconds, got string
end)
-- expect status: 1
