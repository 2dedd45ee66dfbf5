-- SPDX-License-Identifier: MIT
--
-- processes.lua -- what a script test sees of processes: in /proc, so that a zombie whose
-- parent does not look after it counts as dead.

local processes = {}

-- A list of {pid=, name=, state=, parent=, group=} of those that live.
function processes.all()
  local list = {}
  for line in async.process.read{"sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || :"}:gmatch "[^\n]+" do
    local pid, name, state, parent, group = line:match "^(%d+) %((.*)%) (%a) (%d+) (%d+)"
    if state and state ~= "Z" and state ~= "X" then
      list[#list + 1] = {pid = math.tointeger(tonumber(pid)), name = name, state = state,
        parent = math.tointeger(tonumber(parent)), group = math.tointeger(tonumber(group))}
    end
  end
  return list
end

-- How many live in a group.
function processes.in_group(group)
  local count = 0
  for _, process in ipairs(processes.all()) do
    if process.group == group then count = count + 1 end
  end
  return count
end

-- Ends a process, or a group, at once.
function processes.kill(pid)
  async.process.run{"sh", "-c", "kill -s KILL -- $1", "sh", pid}
end

function processes.kill_group(group) processes.kill("-" .. group) end

local function our_pid()
  local file <close> = assert(io.open "/proc/self/stat")
  return math.tointeger(tonumber(file:read("a"):match "^%d+"))
end

-- Zombies that are ours to reap, and children that live: neither who looks nor the guardian is one of them.
function processes.of_ours()
  local us, zombies, living = our_pid(), 0, 0
  local text = async.process.read{"sh", "-c", "echo $$; cat /proc/[0-9]*/stat 2>/dev/null || :"}
  local looking = math.tointeger(tonumber(text:match "^%d+"))
  for pid, name, state, parent in text:gmatch "\n(%d+) %(([^\n]*)%) (%a) (%d+)" do
    if tonumber(parent) == us and tonumber(pid) ~= looking and name ~= "exe" then
      if state == "Z" then zombies = zombies + 1 else living = living + 1 end
    end
  end
  return zombies, living
end

-- How many descriptors we have open.
function processes.descriptors()
  local count = 0
  for fd = 0, 1023 do
    local file = io.open("/proc/self/fdinfo/" .. fd)
    if file then
      file:close()
      count = count + 1
    end
  end
  return count
end

-- Until it is so, for ten seconds.
function processes.wait_until(is_so, ...)
  for _ = 1, 500 do
    if is_so(...) then return true end
    sleep(0.02)
  end
  return false
end

return processes
