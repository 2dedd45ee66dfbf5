local ended = spawn(function() return "there already" end)
local slow = spawn(sleep, 10)
sleep(1)
print(async.race{slow, ended})                     -- expect: there already
print(slow:status(), async.now())                  -- expect: cancelled	1.0
print(async.race{function() return "started later" end, ended})  -- expect: there already
print(async.any{function() return "started later" end, ended})  -- expect: there already
local late = spawn(function() sleep(1) return "late" end)
late:await()
print(async.race{late, ended}, async.any{late, ended})  -- expect: there already	there already
