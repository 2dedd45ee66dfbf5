-- Whoever holds the pipe is killed with the rest; what was captured so far is given.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local shapes = {"sleep 20", "sleep 20; true", "sleep 20 & wait", "(sleep 20)", "sleep 20 | cat"}

local function try(shell, shape)
  local began = async.now()
  local result = async.process.try{shell, "-c", "echo so far; " .. shape, timeout = 1, grace = 1}
  assert(result.timed_out and not result.ok and result.stdout == "so far\n", shape)
  assert(async.now() - began < 8, shape)
  assert(processes.in_group(result.pid) == 0, shape)
end

async.scope(function(scope)
  for _, shell in ipairs {"bash", "dash"} do
    for _, shape in ipairs(shapes) do scope:spawn(try, shell, shape) end
  end
end)
-- expect: ten
print "ten"
