-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"
local process = async.process

-- expect: false	command 'sleep 100' timed out after 0.1 s
print(pcall(process.run, {"sleep", "100", timeout = 0.1}))
-- expect: false	command 'sleep 100' timed out after 0.1 s
print(pcall(process.read, {"sleep", "100", timeout = 0.1}))
-- expect: false	command 'sleep 100' timed out after 0 s
print(pcall(process.run, {"sleep", "100", timeout = 0}))
-- expect: true	0
local r = process.run{"true", timeout = math.huge, grace = math.huge}
print(r.ok, r.status)

-- It obeys with status 0, and has failed all the same.
r = process.try{"sh", "-c", "trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done", timeout = 0.3}
-- expect: false	0	true	bye
print(r.ok, r.status, r.timed_out, r.stdout:sub(1, -2))

-- The stop signal is what was asked for.
r = process.try{"sh", "-c", "trap 'exit 5' USR1; while :; do sleep 0.05; done", timeout = 0.3,
  stop_signal = "USR1"}
-- expect: 5	true
print(r.status, r.timed_out)

-- Of a loop over lines and of a spawned child, too.
local seen = 0
local ok, err = pcall(function()
  for _ in process.lines{"sh", "-c", "echo; sleep 100", timeout = 0.3} do seen = seen + 1 end
end)
-- expect: false	1	command 'sh -c 'echo; sleep 100'' timed out after 0.3 s
print(ok, seen, err)
local child <close> = process.spawn{"sleep", "100", timeout = 0.1}
r = child:wait()
-- expect: false	true	TERM
print(r.ok, r.timed_out, r.signal)

-- Of a pipeline it is the last stage's.
r = process.try(process.pipe({"sleep", "100"}, {"cat", timeout = 0.1}))
-- expect: false	true	TERM	TERM
print(r.ok, r.timed_out, r.stages[1].signal, r.stages[2].signal)

-- Who does not obey is killed after the grace, with its children.
r = process.try{"sh", "-c", "trap '' TERM; while :; do sleep 0.05; done", timeout = 0.1, grace = 0.2}
-- expect: KILL	0
print(r.signal, processes.in_group(r.pid))
