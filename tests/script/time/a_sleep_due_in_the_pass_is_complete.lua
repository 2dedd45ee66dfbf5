-- The elder one cancels the younger in the pass in which both are due.
local younger
spawn(function()
  sleep(1)
  print(younger:cancel())                          -- expect: true
end)
younger = spawn(function()
  print("slept", sleep(1))                         -- expect: slept	1.0
  sleep(0)
  print "never"
end)
sleep(2)
print(younger:status())                            -- expect: cancelled
