-- However it is stopped.
-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"
local process = async.process

local function is_gone(pid) return processes.in_group(pid) == 0 end

local shell = {"sh", "-c", "sleep 300; :", grace = 1}

-- By a cancellation.
do
  local pid
  local task = spawn(function()
    local child <close> = process.spawn(shell)
    pid = child.pid
    child:wait()
  end)
  sleep(0.2)
  task:cancel()
  pcall(await, task)
  -- expect: cancelled	true
  print("cancelled", is_gone(pid))
end

-- By a deadline around it.
do
  local pid
  async.move_on_after(0.2, function()
    local child <close> = process.spawn(shell)
    pid = child.pid
    child:wait()
  end)
  -- expect: deadline	true
  print("deadline", is_gone(pid))
end

-- By its timeout.
local result = process.try{"sh", "-c", "sleep 300; :", timeout = 0.2, grace = 1}
-- expect: timeout	true
print("timeout", is_gone(result.pid))

-- By more output than is read.
local _, err = pcall(process.read, {"sh", "-c", "yes & sleep 300; :", max_output = 1000, grace = 1})
-- expect: too long	true	true
print("too long", tostring(err):find("wrote more than 1000 bytes", 1, true) ~= nil, is_gone(err.pid))

-- By an error in the loop over its lines.
local pid
pcall(function()
  for line in process.lines{"sh", "-c", "echo $$; sleep 300; :", grace = 1} do
    pid = math.tointeger(tonumber(line))
    error "x"
  end
end)
-- expect: loop	true
print("loop", processes.wait_until(is_gone, pid))
