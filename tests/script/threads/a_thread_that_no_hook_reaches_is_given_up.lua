-- A pattern that takes years: the task is cancelled at once, and the end of the run waits for
-- nobody.  Otherwise it would be here until whoever runs the tests has had enough of it.
print(async.move_on_after(0.05, async.thread, function()
  return ("a"):rep(60):find(("a*"):rep(30) .. "b")
end))                                        -- expect: nil	timeout
spawn({daemon = true}, async.thread, function()
  return ("a"):rep(60):find(("a*"):rep(30) .. "b")
end)
sleep(0.05)
print "over"                                 -- expect: over
