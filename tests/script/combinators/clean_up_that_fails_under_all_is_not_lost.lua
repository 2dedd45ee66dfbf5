local function sleeper() sleep(10) end
local function untidy()
  local guard <close> = async.defer(function() error("clean-up failed", 0) end)
  sleep(10)
end
print(pcall(async.move_on_after, 1, async.all, {sleeper, untidy}))  -- expect: false	clean-up failed
print(pcall(async.move_on_after, 1, async.map, {sleeper, untidy}, function(f) f() end))
-- expect: false	clean-up failed
print(async.race{untidy, function() sleep(1) return "won" end})  -- expect: won
print(async.any{untidy, function() sleep(1) return "won" end})  -- expect: won
-- expect stderr: Error in task: clean-up failed
-- expect stderr: Error in task: clean-up failed
-- expect status: 1
