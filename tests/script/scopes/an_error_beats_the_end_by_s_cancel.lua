print(pcall(async.scope, function(s)               -- expect: false	clean-up failed
  s:spawn(function()
    local guard <close> = async.defer(function() error("clean-up failed", 0) end)
    sleep(10)
  end)
  sleep(1)
  s:cancel()
end))
