-- start + delay was start again, so that virtual time stood still for ever.

spawn({daemon = true}, function()
  sleep(1)
  while true do sleep(1e-300) end
end)

sleep(2)
print("two")                     -- expect: two
