local late
print(pcall(async.scope, function(s)               -- expect: false	boom
  s:spawn(function() error("boom", 0) end)
  local guard <close> = async.defer(function()
    late = s:spawn(function() print("never") end)
  end)
  sleep(10)
end))
print(late:status())                               -- expect: cancelled
