-- It ends in its turn.
local task
spawn(function() print(task:status() == "cancelled") end)
task = spawn(print, "never")
print(task:cancel "early", task:cancel "again")    -- expect: true	false
spawn(function() print(task:status()) end)
local ok, err = task:pawait()
-- expect: false
-- expect: cancelled
print(ok, err.kind, err.reason)                    -- expect: false	cancelled	early
print(spawn(function() task:cancel() end):pawait())  -- expect: true
