local starts = 0
async.actions.counted = function(_, wake) starts = starts + 1 wake() end
local task = spawn(function()
  async.current():cancel()
  pcall(coroutine.yield, {action = "counted"})
  print "never"
end)
print((task:pawait()), starts)                     -- expect: false	0
