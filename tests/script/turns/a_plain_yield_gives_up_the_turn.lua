spawn(function()
  print("first")                                   -- expect: first
  print(select("#", coroutine.yield()))
  print(select("#", coroutine.yield(nil)))
end)
spawn(function()
  print("second")                                  -- expect: second
  sleep(0)
  print("fourth")
end)
-- expect: 0
-- expect: fourth
-- expect: 0
