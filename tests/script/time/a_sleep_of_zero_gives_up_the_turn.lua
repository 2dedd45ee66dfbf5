spawn(function()
  print("first")                                   -- expect: first
  sleep(0)
  print("third")
end)
spawn(function() print("second") end)              -- expect: second
-- expect: third
