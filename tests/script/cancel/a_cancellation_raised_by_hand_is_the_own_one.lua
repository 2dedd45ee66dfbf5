-- What was caught of it by clean-up may be raised again: it is in force.
local task = spawn(function()
  local held
  pcall(function()
    local outer <close> = async.defer(function() error("replaced", 0) end)
    local inner <close> = async.defer(function(err) held = err end)
    sleep(10)
  end)
  print(held)                                      -- expect: cancelled: mine
  pcall(error, held)
  print "never"
end)
sleep(1)
task:cancel "mine"
print(task:pawait())                               -- expect: false	cancelled: mine
