-- options: --virtual-time --traceback=off --on-error=stop
local task = spawn(function() sleep(1) error("awaited", 0) end)
print(task:pawait())                               -- expect: false	awaited
print(sleep(1))                                    -- expect: 1.0
