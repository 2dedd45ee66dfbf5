-- The leader's end does not end the escalation: the group is remembered.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local began = async.now()
local result = async.process.try{"sh", "-c",
  "trap 'exit 0' TERM; (trap '' TERM; exec sleep 300) & wait", timeout = 0.5, grace = 0.5}
-- expect: true	true
print(result.timed_out, async.now() - began < 4)
-- expect: 0
print(processes.in_group(result.pid))
