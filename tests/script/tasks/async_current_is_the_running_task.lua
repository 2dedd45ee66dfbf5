local task
task = spawn(function()
  print(async.current() == task)
  sleep(1)
  print(coroutine.wrap(function() return async.current() == task end)())
end)
print(async.current() == task)                     -- expect: false
-- expect: true
-- expect: true
