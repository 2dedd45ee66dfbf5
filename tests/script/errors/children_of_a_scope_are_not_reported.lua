-- Whoever called scope got the error, and dealt with it.
print(pcall(async.scope, function(s)               -- expect: false	boom
  s:spawn(function() error("boom", 0) end)
end))
print(pcall(async.scope, function(s)               -- expect: false	later
  s:spawn(function()
    sleep(1)
    error("later", 0)
  end)
  sleep(10)
end))
