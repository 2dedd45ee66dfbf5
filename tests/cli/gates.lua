-- SPDX-License-Identifier: MIT
--
-- gates.lua -- walks through the table of io/gate.c, beside gates.sh:
--
--   tinyasync run [options] gates.lua HOW SOURCE FOLDER [WITHOUT_NET]
--
-- HOW is "names": every function that there is has a row, every row a function, and every row
-- with a kind an example here; "refused": each example is told that it is not allowed; or
-- "allowed": none of them is.  What is wrong is printed.

local how, source, folder = arg[1], arg[2], arg[3]
local fs, process = async.fs, async.process
local file, new = folder .. "/there", folder .. "/new"

local function drain(next_value, ...)
  local rest = select(3, next_value, ...)
  local closing <close> = rest
  return next_value(...)
end

local function with(path, fn, ...)
  local made, message, code = fn(...)
  if made then os.remove(path) end
  return made, message, code
end

-- What each does with what may not be reached; in an order in which they can follow one another.
local examples = {
  ["fs.read"] = function() return fs.read(file) end,
  ["fs.write"] = function() return fs.write(new, "text") end,
  ["fs.append"] = function() return fs.append(new, "text") end,
  ["fs.open"] = function() return fs.open(file, "r+") end,
  ["fs.stat"] = function() return fs.stat(file) end,
  ["fs.stat, follow=false"] = function() return fs.stat(file, {follow = false}) end,
  ["fs.exists"] = function() return fs.exists(file) end,
  ["fs.list"] = function() return fs.list(folder) end,
  ["fs.readlink"] = function() return fs.readlink(folder .. "/link") end,
  ["fs.walk"] = function() return drain(fs.walk(folder)) end,
  ["fs.glob"] = function() return drain(fs.glob(folder .. "/*")) end,
  ["fs.watch"] = function()
    local watch, message, code = fs.watch(folder)
    if watch then watch:close() end
    return watch, message, code
  end,
  ["fs.mkdir"] = function() return with(folder .. "/made", fs.mkdir, folder .. "/made") end,
  ["fs.remove"] = function() return fs.remove(folder .. "/to_remove") end,
  ["fs.rename"] = function() return fs.rename(folder .. "/to_rename", folder .. "/renamed") end,
  ["fs.copy"] = function() return fs.copy(file, folder .. "/copied") end,
  ["fs.link"] = function() return with(folder .. "/linked", fs.link, "there", folder .. "/linked") end,
  ["fs.link, hard"] = function()
    return with(folder .. "/linked", fs.link, file, folder .. "/linked", {hard = true})
  end,
  ["fs.temp"] = function() return fs.temp {dir = folder} end,
  ["fs.temp_dir"] = function()
    local dir <close>, message, code = fs.temp_dir {dir = folder}
    return dir, message, code
  end,
  ["temp_dir"] = function()
    local dir <close>, message, code = async.temp_dir {dir = folder}
    return dir, message, code
  end,
  ["cd"] = function() return async.cd(folder) end,
  ["csv.rows"] = function() return drain(async.csv.rows(file)) end,
  ["csv.write"] = function() return async.csv.write(folder .. "/table", {{1}}) end,
  ["dotenv"] = function() return async.dotenv(file) end,
  ["jobs"] = function() return async.jobs(folder .. "/jobs") end,
  ["stale"] = function() return async.stale(file, file) end,
  ["process.run"] = function() return process.run {"true"} end,
  ["process.read"] = function() return process.read {"true"} end,
  ["process.try"] = function() return process.try {"true"} end,
  ["process.try, stdin={file=}"] = function()
    return process.try {"true", stdin = {file = file}}
  end,
  ["process.try, stdout={file=}"] = function()
    return process.try {"true", stdout = {file = new}}
  end,
  ["process.lines"] = function() return drain(process.lines {"true"}) end,
  ["process.spawn"] = function()
    local child <close>, message, code = process.spawn {"true"}
    return child, message, code
  end,
  ["process.which"] = function() return process.which "true" end,
  ["io.open"] = function() return io.open(file) end,
  ["io.lines"] = function() return io.lines(file) end,
  ["io.input"] = function()
    local input <close> = io.input()
    return io.input(file)
  end,
  ["io.output"] = function()
    local output = io.output()
    local opened = io.output(new)
    io.output(output)
    return opened:close()
  end,
  ["io.tmpfile"] = function() return io.tmpfile() end,
  ["io.popen"] = function()
    local pipe, message, code = io.popen "true"
    return pipe and pipe:close(), message, code
  end,
  ["os.execute"] = function() return os.execute "true" end,
  ["os.remove"] = function() return os.remove(folder .. "/to_remove_too") end,
  ["os.rename"] = function() return os.rename(folder .. "/to_rename_too", folder .. "/renamed_too") end,
  ["os.tmpname"] = function() return os.remove(os.tmpname()) end,
  ["dofile"] = function() return dofile(folder .. "/module.txt") end,
  ["loadfile"] = function() return loadfile(folder .. "/module.txt") end,
  ["require"] = function()
    package.path = folder .. "/?.txt"
    return require "module"
  end,
  ["package.searchpath"] = function() return package.searchpath("module", folder .. "/?.txt") end,
  ["package.loadlib"] = function() return package.loadlib(folder .. "/none.so", "*") end,
}

local function closed(made, message, code)
  if made then made:close() end
  return made, message, code
end

examples["net.connect"] = function() return closed(async.net.connect("127.0.0.1", 1)) end
examples["net.connect_unix"] = function() return closed(async.net.connect_unix(folder .. "/none")) end
examples["net.listen"] = function() return closed(async.net.listen("127.0.0.1", 0)) end
examples["net.listen, tls={certificate=}"] = function()
  return closed(async.net.listen("127.0.0.1", 0, {tls = {certificate = file}}))
end
examples["net.listen_unix"] = function() return closed(async.net.listen_unix(folder .. "/socket")) end
examples["net.udp"] = function() return closed(async.net.udp("127.0.0.1", 0)) end
examples["net.wait"] = function() return async.net.wait("127.0.0.1", 1, {timeout = 0.01}) end
examples["dns.resolve"] = function() return async.dns.resolve "127.0.0.1" end
examples["dns.reverse"] = function() return async.dns.reverse "127.0.0.1" end

-- What Lua's own functions are that reach nothing.
local harmless = {io = {}, os = {}, package = {}}
for name in ("close flush read type write"):gmatch "%S+" do harmless.io[name] = true end
for name in ("clock date difftime exit getenv setlocale time"):gmatch "%S+" do
  harmless.os[name] = true
end

local function rows_of(path)
  local rows, order = {}, {}
  for line in fs.read(path):gmatch "[^\n]+" do
    local name, kinds = line:match '^    {"([^"]+)", "([^"]*)",'
    if name then
      rows[name] = kinds
      order[#order + 1] = name
    end
  end
  return rows, order
end

-- ------------------------------------------------------------------- names

local function has_row(rows, library, name)
  local full = library == "" and name or library .. "." .. name
  return rows[full] or rows[library .. ".*"]
end

local function check_library(rows, library, values)
  for name, value in pairs(values) do
    local is_harmless = harmless[library] and harmless[library][name]
    if type(value) == "function" and not is_harmless and not has_row(rows, library, name) then
      print(("%s.%s has no row"):format(library, name))
    end
  end
end

-- Which of async's own functions are of tasks alone.
local of_tasks = {}
for name in ([[actions all any as_completed await channel checkpoint current daemon defer deliver
    drive every event lock map move_on_after now race retry scope secret select semaphore settle
    shield sleep spawn task_local tasks tree try with_timeout runner]]):gmatch "%S+" do
  of_tasks[name] = true
end

local function find(name)
  local value = name:match "^[%w_.]+"
  local found = async
  for part in value:gmatch "[%w_]+" do found = found and found[part] end
  if found then return found end
  found = _G
  for part in value:gmatch "[%w_]+" do found = found and found[part] end
  return found
end

local function check_names(rows, order)
  for name, value in pairs(async) do
    if type(value) == "table" and name ~= "runner" then
      check_library(rows, name, value)
    elseif type(value) == "function" and not of_tasks[name] and not rows[name] then
      print(("%s has no row"):format(name))
    end
  end
  for _, library in ipairs {"io", "os", "package"} do check_library(rows, library, _G[library]) end
  for _, name in ipairs(order) do
    if not find((name:gsub("%.%*$", ""))) then print(name .. " is no function") end
    if rows[name] ~= "" and not examples[name] then print(name .. " has no example") end
  end
end

-- ---------------------------------------------------------------- examples

-- What it says, whatever it gives: an error, or a message.
local function said(ok, first, second, ...)
  if not ok then return tostring(first), nil end
  if type(first) == "string" and first:find "not allowed" then return first end
  if not first then return tostring(second), ... end
  return "", nil
end

-- Those of the library, of Lua's own functions, and of package.loadlib.
local codes = {EACCES = true, [13] = true, open = true}

local function try(name)
  local text, code
  await(spawn(function() text, code = said(pcall(examples[name])) end))
  local refused = text:find "not allowed to %l+"
  if how == "refused" and not refused then print(name .. " is not refused: " .. text) end
  if how == "refused" and code and not codes[code] then
    print(("%s is refused with %s"):format(name, code))
  end
  if how == "allowed" and refused then print(("%s is refused: %s"):format(name, text)) end
end

local rows, order = rows_of(source)
if how == "names" then
  check_names(rows, order)
else
  for _, name in ipairs(order) do
    local is_net = name:find "^net%." or name:find "^dns%."
    if rows[name] ~= "" and not (is_net and arg[4]) then try(name) end
  end
end
print "done"
