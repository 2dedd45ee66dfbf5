local early = spawn(function() return "early" end)
local late = spawn(function() sleep(2) return "late" end)
sleep(1)
local results = async.all{late, early, function() return "own" end}
print(results.n, table.concat(results, " "))       -- expect: 3	late early own
print(async.now())                                 -- expect: 2.0
