-- Of all that waits, it alone raises nothing at entry.
local task = spawn(function()
  async.current():cancel()
  print(async.shield(function(...) return "results", ... end, nil, 2))  -- expect: results	nil	2
  print(pcall(async.shield, error, "an error", 0))  -- expect: false	an error
  sleep(0)
  print "never"
end)
print(task:pawait())                               -- expect: false	cancelled
