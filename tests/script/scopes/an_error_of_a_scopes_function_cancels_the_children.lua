-- It is raised when all have unwound: the slowest clean-up takes three seconds.
local function child(seconds)
  local guard <close> = async.defer(function()
    async.shield(sleep, seconds)
    print("unwound", seconds, async.now())
  end)
  sleep(100)
  print("never")
end
print(pcall(async.scope, function(s)
  s:spawn(child, 3)
  s:spawn(child, 2)
  sleep(1)
  error("fn failed", 0)
end))
-- expect: unwound	2	3.0
-- expect: unwound	3	4.0
-- expect: false	fn failed
print(async.now())                                 -- expect: 4.0
