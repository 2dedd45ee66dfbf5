-- SPDX-License-Identifier: MIT
--
-- run.lua -- runs each test script and compares what it does with what the
-- comments in it say.  Called from the repository's root:
--
--   lua5.4 tests/script/run.lua PROGRAM [WORD]
--
-- With WORD only tests whose name contains it.  A script is run under virtual
-- time unless it says otherwise, and must write the lines it promises, in the
-- order in which the promises stand in the file, and no others:
--
--   -- expect: TEXT            a line on stdout
--   -- expect stderr: TEXT     a line on stderr with TEXT in it; there may be
--                              others before it, and after the last such
--   -- expect stderr is: TEXT  the next line on stderr is TEXT
--   -- expect status: N        the exit status, 0 when nothing is said
--   -- options: --seed=7       instead of --virtual-time
--   -- arguments: a b          for the script
--   -- not under sanitizers: WHY
--   -- needs: MODULE           skipped where lua5.4 does not find it
--   -- path: PATTERN           where modules are looked for as well: Debian keeps some that
--                              run under 5.4 with those of 5.2
--
-- In a TEXT, $FILE is the script as Lua's messages name it, $LINE the number of the
-- comment's line.
--
-- The folders go by subject.  A test is called script/NAME wherever it lies, so no two
-- have one name.  Scripts in tests/script/ordinary are plain Lua: what lua5.4 makes of
-- them is what is expected.

local program, only = arg[1], arg[2] or ""
assert(program, "usage: lua5.4 tests/script/run.lua PROGRAM [WORD]")

package.path = "tests/?.lua;" .. package.path
local shell = require "kit.shell"
local verdict = require "kit.verdict"
local read, quote, split = shell.read, shell.quote, verdict.split

local function name_of(path)
  path = path:gsub("^tests/", ""):gsub("%.lua$", "")
  if path:find("^script/ordinary/") then return path end
  return (path:gsub("^script/.*/", "script/"))
end

-- The scripts that patterns of the shell stand for.
local function list(patterns)
  local paths, path_of = {}, {}
  local pipe <close> = assert(io.popen("ls " .. patterns))
  for path in pipe:lines() do
    local name = name_of(path)
    if path_of[name] then error(path .. " has the name of " .. path_of[name], 0) end
    path_of[name] = path
    if name:find(only, 1, true) then paths[#paths + 1] = path end
  end
  return paths
end

-- What is to be run: each goes into files of its own, and all run before any is judged.
local folder, cleaner = shell.temporary_folder()
local cleaning <close> = cleaner
local commands = {}

-- Modules are looked for in `path` as well.  Returns what gives its output later.
local function execute(command, path)
  local number = #commands + 1
  local file = folder .. "/of" .. number
  local set = path and "LUA_PATH=" .. quote(path .. ";;") .. " " or ""
  commands[number] = set .. "exec " .. command .. " >" .. file .. ".out 2>" .. file .. ".err"
  return function()
    return {out = read(file .. ".out"), err = read(file .. ".err"),
      status = math.tointeger(tonumber(read(folder .. "/" .. number)))}
  end
end

local sanitized = shell.is_sanitized(program)

---------------------------------------------------------------- expectations

-- Lua's messages name a file by the end of a path that is too long for them.
local function named(path)
  return #path < 60 and path or "..." .. path:sub(-56)
end

local function parse(path)
  local wanted = {out = {}, err = {}, status = 0, options = "--virtual-time", arguments = ""}
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local kind, text = line:match("%-%- expect ?(%l*%s?%l*): ?(.*)$")
    local key, value = line:match("^%-%- ([%l ]+): (.*)$")
    if kind then
      text = text:gsub("%$FILE", named(path)):gsub("%$LINE", tostring(number))
      if kind == "" then
        table.insert(wanted.out, text)
      elseif kind == "stderr" then
        table.insert(wanted.err, {text = text, loose = true})
      elseif kind == "stderr is" then
        table.insert(wanted.err, {text = text})
      elseif kind == "status" then
        wanted.status = math.tointeger(tonumber(text))
      else
        error(path .. ":" .. number .. ": unknown expectation '" .. kind .. "'")
      end
    elseif key == "options" or key == "arguments" or key == "needs" or key == "path" then
      wanted[key] = value
    elseif key == "not under sanitizers" then
      wanted.unsanitized = value
    end
  end
  return wanted
end

-- Do the lines from i on fit the patterns from j on?
local function match(lines, patterns, i, j)
  local pattern = patterns[j]
  if not pattern then
    local last = patterns[#patterns]
    return lines[i] == nil or (last ~= nil and last.loose)
  end
  if not pattern.loose then
    return lines[i] == pattern.text and match(lines, patterns, i + 1, j + 1)
  end
  while lines[i] do
    if lines[i]:find(pattern.text, 1, true) and match(lines, patterns, i + 1, j + 1) then
      return true
    end
    i = i + 1
  end
  return false
end

local function complaint_of_sanitizer(err)
  local at = err:find("Sanitizer", 1, true) or err:find("runtime error:", 1, true)
  return at and "a sanitizer says: " .. err:sub(math.max(1, at - 80), at + 400)
end

local function find_fault(got, wanted)
  local broken = complaint_of_sanitizer(got.err)
  if broken then return broken end
  local fault = verdict.first_difference(split(got.out), wanted.out)
  if fault then return fault end
  if not match(split(got.err), wanted.err, 1, 1) then
    return "stderr is not as expected: " .. got.err
  end
  if got.status ~= wanted.status then
    return ("status: expected %d, got %d"):format(wanted.status, got.status)
  end
end

----------------------------------------------------------------------- tests

local function is_missing(module, path)
  return module and not os.execute(("LUA_PATH=%s lua5.4 -l %s -e '' >/dev/null 2>&1"):format(
    quote((path or "") .. ";;"), module))
end

local function reason_to_skip(wanted)
  if is_missing(wanted.needs, wanted.path) then return "no " .. wanted.needs end
  return sanitized and wanted.unsanitized
end

local function begin_expected(path, wanted)
  local result = execute(("%s run %s %s %s"):format(
    quote(program), wanted.options, quote(path), wanted.arguments))
  return function() return find_fault(result(), wanted) end
end

local function begin_ordinary(path, wanted)
  local under_lua = execute(("lua5.4 %s %s"):format(quote(path), wanted.arguments), wanted.path)
  local here = execute(("%s run %s %s"):format(quote(program), quote(path), wanted.arguments),
    wanted.path)
  return function()
    local own, err = under_lua(), {}
    for _, line in ipairs(split(own.err)) do err[#err + 1] = {text = line} end
    if own.out == "" and own.err == "" then return "it prints nothing under lua5.4" end
    return find_fault(here(), {out = split(own.out), err = err, status = own.status})
  end
end

-- Returns what reports the test later.
local function begin(path)
  local name, wanted = name_of(path), parse(path)
  local skipped = reason_to_skip(wanted)
  if skipped then
    return function() print("ok " .. name .. " # skipped: " .. skipped) end
  end
  local is_ordinary = path:find("^tests/script/ordinary/")
  local find = (is_ordinary and begin_ordinary or begin_expected)(path, wanted)
  return function() verdict.report(name, find()) end
end

-- Of scripts/commands those whose output has an order; the others are in tests/cli/commands.sh.
local ordered = "scripts/commands/backup.lua scripts/commands/deploy.lua "
  .. "scripts/commands/keeper.lua scripts/commands/server.lua"

local reports = {}
for i, path in ipairs(list("tests/script/*/*.lua tests/regress/*.lua scripts/*.lua " .. ordered)) do
  reports[i] = begin(path)
end
shell.run_each(commands, folder, 120)
for _, report in ipairs(reports) do report() end
verdict.leave()
