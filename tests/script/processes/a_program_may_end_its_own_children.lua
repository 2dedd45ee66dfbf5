-- With kill="process" the leader alone gets the stop signal; KILL is for the group.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local file = os.tmpname()
local parent = [[
  sh -c 'trap "echo told >]] .. file .. [[; exit 0" USR1
         trap "echo stray >>]] .. file .. [[; exit 1" TERM
         echo ready
         while :; do sleep 0.05; done' &
  child=$!
  trap 'kill -USR1 $child; wait $child; exit 0' TERM
  echo ready
  wait
]]

local child <close> = async.process.spawn{"sh", "-c", parent, stdout = "pipe", kill = "process"}
child.stdout:read()
child.stdout:read() -- both are ready
local result = child:stop(10)
-- expect: 0	0
print(result.status, processes.in_group(result.pid))
-- expect: told
for line in io.lines(file) do print(line) end
os.remove(file)

local deaf <close> = async.process.spawn{"sh", "-c",
  "(trap '' TERM; exec sleep 300) & trap '' TERM; echo; wait", stdout = "pipe", kill = "process"}
deaf.stdout:read()
-- expect: KILL	0
print(deaf:stop(0.3).signal, processes.in_group(deaf.pid))
