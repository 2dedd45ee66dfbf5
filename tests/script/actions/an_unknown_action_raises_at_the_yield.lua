-- In the same step: the other task has not run yet.
spawn(function()
  local ok, message = pcall(coroutine.yield, {action = "fly"})
  print(ok, message)                               -- expect: false	Unknown async action 'fly'.
end)
spawn(function() print("the other") end)           -- expect: the other
