print(pcall(sleep))                                -- expect: false	sleep: delay must be a number of seconds, got no value
print(pcall(sleep, nil))                           -- expect: false	sleep: delay must be a number of seconds, got nil
print(pcall(sleep, {}))                            -- expect: false	sleep: delay must be a number of seconds, got table
print(pcall(sleep, "soon"))                        -- expect: false	sleep: delay must be a number of seconds, got string
print(pcall(sleep, 0/0))                           -- expect: false	sleep: delay must be a number of seconds, got nan
print(pcall(coroutine.yield, {action = "sleep"}))  -- expect: false	sleep: delay must be a number of seconds, got nil
print(pcall(coroutine.yield, {action = "sleep", delay = -(0/0)}))
-- expect: false	sleep: delay must be a number of seconds, got nan
print(pcall(function() sleep(false) end))          -- expect: false	$FILE:$LINE: sleep: delay must be a number of seconds, got boolean
