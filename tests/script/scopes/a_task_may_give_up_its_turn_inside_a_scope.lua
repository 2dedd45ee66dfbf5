spawn(function()
  print(async.scope(function()
    print("first")                                 -- expect: first
    coroutine.yield()
    print("third", pcall(coroutine.yield, 7))
    return "last"
  end))
end)
spawn(function() print("second") end)              -- expect: second
-- expect: third	false	a task must yield a table with an action, got a number
-- expect: last
