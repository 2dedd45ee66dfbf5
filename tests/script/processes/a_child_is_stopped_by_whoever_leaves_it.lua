-- By <close>, also through an error; but a cancelled wait stops nothing, and what was detached
-- is stopped by nobody but its owner.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"
local process = async.process
local function lives(pid) return processes.in_group(pid) > 0 end

local pid
do
  local child <close> = process.spawn{"sleep", "100"}
  pid = child.pid
  -- expect: true
  print(lives(pid))
end
-- expect: false
print(lives(pid))

pcall(function()
  local child <close> = process.spawn{"sleep", "100"}
  pid = child.pid
  error "x"
end)
-- expect: false
print(lives(pid))

local child <close> = process.spawn{"sleep", "100"}
-- expect: nil	true
print(async.move_on_after(0.1, child.wait, child), lives(child.pid))
local waiting = spawn(child.wait, child)
sleep(0.05)
waiting:cancel()
pcall(await, waiting)
-- expect: true
print(lives(child.pid))
-- expect: true
print(child:signal "HUP")
-- expect: HUP
print(child:wait().signal)

-- A second stop may be more impatient.
local deaf <close> = process.spawn{"sh", "-c", "trap '' TERM; echo; while :; do sleep 0.05; done",
  stdout = "pipe"}
deaf.stdout:read()
local patient = spawn(deaf.stop, deaf, 1000)
sleep(0.1)
-- expect: true
print(lives(deaf.pid))
-- expect: KILL	true
print(deaf:stop(0).signal, await(patient) == deaf:wait())

-- What nobody has any more is stopped when it is collected.
pid = process.spawn{"sleep", "100"}.pid
collectgarbage()
collectgarbage()
-- expect: true
print(processes.wait_until(function() return not lives(pid) end))

pid = process.spawn{"sleep", "100", detach = true}.pid
collectgarbage()
collectgarbage()
sleep(0.1)
-- expect: true
print(lives(pid))
processes.kill(pid)
local detached = process.spawn{"sleep", "100", detach = true}
-- expect: TERM
print(detached:stop().signal)

-- Who is stopped by a signal, as Ctrl-Z does, hears of the end.
local stopped <close> = process.spawn{"sleep", "100"}
stopped:signal "STOP"
-- expect: TERM
print(stopped:stop().signal)
