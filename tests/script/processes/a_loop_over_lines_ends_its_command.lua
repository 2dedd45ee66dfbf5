-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"
local process = async.process

local list = {}
for line in process.lines{"printf", "a\n\nb"} do list[#list + 1] = line end
-- expect: a||b
print(table.concat(list, "|"))

-- expect: false	command 'sh -c 'echo x; exit 3'' failed with status 3
print(pcall(function() for _ in process.lines{"sh", "-c", "echo x; exit 3"} do end end))
for _ in process.lines{"sh", "-c", "echo x; exit 3", allow = 3} do end

local pid
for line in process.lines{"sh", "-c", "echo $$; yes"} do
  pid = math.tointeger(tonumber(line))
  break
end
collectgarbage()
collectgarbage()
-- expect: true
print(processes.wait_until(function() return processes.in_group(pid) == 0 end))

-- expect: false	command 'sh -c 'head -c 1000 /dev/zero; sleep 100'': line longer than 100 bytes
local ok, err = pcall(function()
  for _ in process.lines{"sh", "-c", "head -c 1000 /dev/zero; sleep 100", max_line = 100} do end
end)
print(ok, (tostring(err):gsub("^%S+: ", "")))

local count = 0
for line in process.lines{"seq", 100000} do
  count = count + 1
  assert(tonumber(line) == count)
end
-- expect: 100000
print(count)

-- Inside another command's lines, and in tasks side by side.
local sums = async.map({10, 20, 30}, function(n)
  local sum = 0
  for line in process.lines{"seq", n} do
    for inner in process.lines{"echo", line} do sum = sum + tonumber(inner) end
  end
  return sum
end)
-- expect: 55	210	465
print(table.unpack(sums))
