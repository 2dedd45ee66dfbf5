-- Not in the one in which the task ends, though it is younger.
local worker = spawn(function()
  sleep(1)
  print "the worker ends"                          -- expect: the worker ends
end)
spawn(function()
  await(worker)
  print "its awaiter"
end)
spawn(function()
  sleep(1)
  print "a sleeper"                                -- expect: a sleeper
end)
-- expect: its awaiter
