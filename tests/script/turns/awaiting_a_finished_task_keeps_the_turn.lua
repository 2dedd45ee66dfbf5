local task = spawn(function() return "ready" end)
local failed = spawn(function() error("broken", 0) end)
print(failed:pawait())                             -- expect: false	broken
spawn(function() print "the other" end)
print(await(task))                                 -- expect: ready
print(task:await())                                -- expect: ready
print(task:pawait())                               -- expect: true	ready
print(pcall(await, failed))                        -- expect: false	broken
print(failed:pawait())                             -- expect: false	broken
-- expect: the other
