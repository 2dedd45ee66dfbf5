-- SPDX-License-Identifier: MIT
--
-- sockets.lua -- runs the examples of README.md that others connect to, or that connect, and
-- prints what is wrong with each: ports.lua and echo.lua.  Called by run.lua:
--
--   tinyasync run tests/manual/sockets.lua README.md FOLDER
--
-- The ports that README.md shows become others, which are free, or where nobody listens.

local net, process, fs = async.net, async.process, async.fs
local program, readme, folder = arg[-2], assert(fs.read(arg[1])), arg[2]

-- The code whose block is followed by text that matches, and the captures of that.
local function example(pattern)
  for code, after in readme:gmatch "\n```lua\n(.-\n)```\n()" do
    local one, other = readme:match("^" .. pattern, after)
    if one then return code, one, other end
  end
  error("there is no block before: " .. pattern, 0)
end

local function sorted(text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  table.sort(lines)
  return table.concat(lines, "\n")
end

-- What is open is so.  It prints in the order in which answers come.
local function check_ports()
  local code, words, shown = example "\n`tinyasync ports.lua ([^`]*)` prints\n\n```\n(.-\n)```"
  local command, servers, place_of = {program, folder .. "/ports.lua"}, {}, {}
  for place in words:gmatch "%S+" do
    local server = assert(net.listen("localhost", 0))
    command[#command + 1] = "localhost:" .. server.port
    place_of[command[#command]] = place
    servers[#servers + 1] = server
    if not shown:find(place .. "\topen", 1, true) then server:close() end
  end
  assert(fs.write(folder .. "/ports.lua", code))
  local printed = process.read(command):gsub("[%w.]+:%d+", place_of)
  if sorted(printed) ~= sorted(shown) then return "it prints: " .. printed end
end

-- Served here, where its port can be seen.
local function check_echo()
  local code, client, shown = example(
    "\nWhile `tinyasync echo.lua` runs, `([^`]*7777)` prints `([^`]*)`")
  local server
  local function listen(host)
    server = assert(net.listen(host, 0))
    return server
  end
  local here = setmetatable({net = setmetatable({listen = listen}, {__index = net})}, {__index = async})
  local run = assert(load(code, "=echo.lua", "t", setmetatable({async = here}, {__index = _G})))
  local serving = spawn(run)
  sleep(0)
  local printed = process.read(process.sh((client:gsub("7777", server.port))))
  server:close()
  serving:await()
  if printed ~= shown then return "it prints: " .. printed end
end

for name, check in pairs{["ports.lua"] = check_ports, ["echo.lua"] = check_echo} do
  local ok, fault = pcall(check)
  print(name .. "\t" .. (ok and fault or not ok and tostring(fault) or ""):gsub("\n", " "))
end
