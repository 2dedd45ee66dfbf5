-- The script ends in the pass in which the daemon took its first step.
spawn({daemon = true}, function()
  print("one step")                                -- expect: one step
  sleep(1)
  print("never")
end)
