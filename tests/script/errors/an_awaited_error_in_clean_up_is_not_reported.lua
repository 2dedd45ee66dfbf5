local task = spawn(function()
  local guard <close> = async.defer(function() error("in clean-up", 0) end)
  sleep(10)
end)
spawn(function() sleep(1) task:cancel() end)
print(task:pawait())                               -- expect: false	in clean-up
print(task:status())                               -- expect: failed
