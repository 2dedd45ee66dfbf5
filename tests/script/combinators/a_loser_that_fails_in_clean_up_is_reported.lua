local function loser()
  local guard <close> = async.defer(function() error("rollback failed", 0) end)
  sleep(5)
end
print(async.race{loser, function() sleep(1) return "win" end})
-- expect stderr is: Error in task: rollback failed
-- expect stderr: task #2
-- expect: win
local given = spawn({name = "given"}, loser)
print(async.any{given, function() sleep(1) return "win" end})
-- expect stderr: Error in task: rollback failed
-- expect stderr is: task #4 given
-- expect: win
print(pcall(async.all, {loser, function() sleep(1) error("first", 0) end}))
-- expect stderr: Error in task: rollback failed
-- expect: false	first
-- expect status: 1
