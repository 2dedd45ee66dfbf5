print(async.scope(function(s)                      -- expect: nil	cancelled
  s:cancel()
  return "result"
end))
print(async.scope(function(s)                      -- expect: nil	cancelled
  s:spawn(function()
    sleep(1)
    s:cancel()
  end)
  s:spawn(sleep, 10)
  return "result"
end))
print(async.now())                                 -- expect: 1.0
