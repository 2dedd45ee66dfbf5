-- A result does not wait for one who lives on, and says so.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"
local process = async.process

local function holder(more)
  local cmd = {"sh", "-c", "sleep 30 & echo $!"}
  for key, value in pairs(more or {}) do cmd[key] = value end
  return cmd
end

local began = async.now()
local r = process.try(holder())
-- expect: true	true	true	true
print(r.ok, r.held, tonumber(r.stdout) ~= nil, async.now() - began < 10)
-- The rest of its group was left alone.
-- expect: 1
print(processes.in_group(r.pid))
processes.kill(r.stdout:match "%d+")

-- Or killed, where that is wanted.
r = process.try(holder{leftovers = "kill"})
-- expect: true	nil	0
print(r.ok, r.held, processes.in_group(r.pid))

-- Whoever goes on writing is waited for.  A busy machine may stop who writes for so long that it
-- seems to have fallen silent, but not each time.
for _ = 1, 20 do
  r = process.try{"sh", "-c", "(i=0; while [ $i -lt 9000 ]; do echo $i; i=$((i+1)); done) & exit 0"}
  if not r.held then break end
end
-- expect: 8999	nil
print(r.stdout:match("(%d+)\n$"), r.held)

-- Of functions, in lists, in loops, and of every stage.
local function nothing() end
r = process.try(holder{stdout = nothing, leftovers = "keep"})
processes.kill_group(r.pid)
-- expect: true
print(r.held)
r = process.try(holder{stdout = {"capture", "null"}})
processes.kill_group(r.pid)
-- expect: true	true
print(r.held, tonumber(r.stdout) ~= nil)
local pid
for line in process.lines(holder()) do pid = line end
processes.kill(pid)
-- expect: true
print(tonumber(pid) ~= nil)
for stage = 1, 2 do
  local script = "sleep 30 >/dev/null & exec cat"
  local stages = {{"cat", stderr = nothing}, {"cat", stderr = nothing}}
  stages[stage] = {"sh", "-c", script, stderr = nothing}
  r = process.try(process.pipe(stages[1], stages[2]))
  processes.kill_group(r.pid)
  -- expect: true	true
  -- expect: true	true
  print(r.ok, r.held)
end
