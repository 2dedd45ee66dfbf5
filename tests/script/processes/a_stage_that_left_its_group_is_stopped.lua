-- As timeout(1) leaves it, where it does not lead it; those that it has started go with it.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"
local process = async.process

local function stop(seconds, ...)
  local result = process.try(process.pipe({"true"}, {timeout = seconds, grace = 1, ...}))
  print(result.timed_out, result.stages[2].signal, result.duration < 10,
    processes.in_group(result.stages[2].pid))
end

-- expect: true	TERM	true	0
stop(0.3, "timeout", "60", "sleep", "60")
-- expect: true	TERM	true	0
stop(0.3, "setsid", "-w", "sleep", "60")
-- It has set its trap by then.
-- expect: true	KILL	true	0
stop(2, "timeout", "60", "sh", "-c", "trap '' TERM; sleep 60; sleep 60")

-- expect: true	true	0
local child <close> = process.spawn(process.pipe({"true"}, {"timeout", "60", "sleep", "60"}))
sleep(0.3)
print(child:signal "TERM", child:wait().duration < 10, processes.in_group(child:wait().stages[2].pid))
