local scope
spawn(function()
  sleep(1)
  scope:cancel()
end)
print(async.scope(function(s)                      -- expect: nil	cancelled
  scope = s
  pcall(sleep, 10)
  print("never")
end))
print(async.now())                                 -- expect: 1.0
scope:cancel()
sleep(1)
print("later it does nothing")                     -- expect: later it does nothing
