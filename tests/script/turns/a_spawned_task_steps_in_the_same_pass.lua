spawn(function()
  print("a spawns")                                -- expect: a spawns
  spawn(function()
    print("its child steps before a's next step")
    spawn(function() print("and so does its grandchild") end)
  end)
  sleep(0)
  print("a's next step")
end)
spawn(function() print("b was there before them") end)
-- expect: b was there before them
-- expect: its child steps before a's next step
-- expect: and so does its grandchild
-- expect: a's next step
