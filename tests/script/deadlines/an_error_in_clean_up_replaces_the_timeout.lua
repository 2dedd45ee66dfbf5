print(pcall(async.move_on_after, 1, function()     -- expect: false	clean-up failed
  local guard <close> = async.defer(function() error("clean-up failed", 0) end)
  sleep(10)
end))
print(async.move_on_after(1, function()
  print(pcall(function()                           -- expect: false	caught inside
    local guard <close> = async.defer(function() error("caught inside", 0) end)
    sleep(10)
  end))
  sleep(0)
  print("never")
end))
-- expect: nil	timeout
