print(pcall(async.scope, function(s)               -- expect: false	boom
  s:spawn(function()
    print(pcall(pcall, sleep, 10))
  end)
  s:spawn(function()
    sleep(1)
    error("boom", 0)
  end)
  print(xpcall(sleep, function() print("never") end, 10))
end))
print(async.now())                                 -- expect: 1.0
