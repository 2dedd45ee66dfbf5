-- SPDX-License-Identifier: MIT
--
-- run.lua -- runs the examples of man/tinyasync.7 and of README.md, and compares
-- what they do with what is said beside them.  Called from the repository's
-- root:
--
--   lua5.4 tests/manual/run.lua PROGRAM [WORD]
--
-- With WORD only tests whose name contains it.  Examples run under virtual time.
-- What the comments of the manual's examples mean is told at the top of the
-- page.  Each function must be called in an example of its own section.
--
-- In a section whose name begins with DIFFERENCES they run under lua5.4 as well:
-- after a line that is printed, `-- under lua: TEXT` is what that prints instead.
--
-- In README.md a block of Lua runs when a sentence with `tinyasync NAME.lua`, or
-- `LUA_CPATH=... lua5.4 NAME.lua`, follows it, and then a block with what it prints
-- on both streams.  A status
-- other than 0 is told in that sentence as well.  What is said of sockets is tried by sockets.lua.

package.path = "tests/?.lua;tests/manual/?.lua;" .. package.path
local page = require "page"
local shell = require "kit.shell"
local verdict = require "kit.verdict"
local read, quote = shell.read, shell.quote
local split, first_difference = verdict.split, verdict.first_difference

local program, only = arg[1], arg[2] or ""
assert(program, "usage: lua5.4 tests/manual/run.lua PROGRAM [WORD]")

-- Examples run in a folder of their own, which goes when the run ends.
local folder, temporary <close> = shell.temporary_folder()
if not program:find("^/") then program = shell.line_of("pwd") .. "/" .. program end

local UNDER_TINYASYNC = quote(program) .. " run --virtual-time"
local UNDER_LUA = ("LUA_CPATH=%s lua5.4"):format(quote(program:match("^(.*/)") .. "lua/?.so;;"))

-- Runs `code` as a script called `name`; `err` is where its stderr goes.  It has no terminal to ask
-- on.
local function execute(code, name, err, command)
  shell.write(folder .. "/" .. name, code)
  local _, how, status = os.execute(
    ("cd %s && env -u LUA_INIT -u LUA_INIT_5_4 timeout -k 1 140 setsid -w env %s %s"):format(
      quote(folder), command or UNDER_TINYASYNC, quote(name)) .. " >out 2>" .. err .. " </dev/null")
  if how == "signal" then status = status + 128 end
  return {out = read(folder .. "/out"), err = err == "err" and read(folder .. "/err") or "",
    status = status}
end

-- ---------------------------------------------------------------- expectations

local function parse(code, under_lua)
  local wanted = {out = {}, err = {}, status = 0}
  for line in code:gmatch("[^\n]+") do
    local key, text = line:match("%-%- (%l+): (.*)$")
    local instead = line:match("%-%- under lua: (.*)$")
    if instead and under_lua then
      wanted.out[#wanted.out] = instead
    elseif key == "prints" then
      table.insert(wanted.out, text)
    elseif key == "reports" then
      table.insert(wanted.err, text)
    elseif key == "status" then
      wanted.status = math.tointeger(tonumber(text))
    end
  end
  return wanted
end

-- Each part is in a line of its own, in this order; without any, stderr is empty.
local function missing_part(text, parts)
  if #parts == 0 then return text ~= "" and "it reports: " .. text end
  local lines, i = split(text), 1
  for _, part in ipairs(parts) do
    while lines[i] and not lines[i]:find(part, 1, true) do i = i + 1 end
    if not lines[i] then return "it does not report " .. part .. ", but: " .. text end
    i = i + 1
  end
end

local function find_fault(got, wanted)
  local fault = missing_part(got.err, wanted.err) or
    first_difference(split((got.out:gsub("\t", " "))), wanted.out)
  if fault then return fault end
  if got.status ~= wanted.status then
    return ("status: expected %d, got %d"):format(wanted.status, got.status)
  end
end

-- ----------------------------------------------------------------------- tests

local function report(name, fault)
  if name:find(only, 1, true) then verdict.report(name, fault) end
end

local function check_example(example)
  local wanted = parse(example.code)
  if #wanted.out + #wanted.err == 0 then return "it says not what comes of it" end
  local fault = find_fault(execute(example.code, "example.lua", "err"), wanted)
  if fault or not example.section:find("^DIFFERENCES") then return fault end
  fault = find_fault(execute(example.code, "example.lua", "err", "lua5.4"), parse(example.code, true))
  return fault and "under lua5.4: " .. fault
end

-- How code calls what the manual calls `name`.
local function pattern_of_use(name)
  if name:find("^#") then return "#%l" end
  local of_library, called = name:match "^async%.(%l+)%.([%a_]+)$" -- local process = async.process
  if called then return "%f[%w_]" .. of_library .. "%." .. called .. "%f[^%w_]" end
  local word = name:match(":([%a_]+)$")
  if word then return "[%l%)%]][:.]" .. word .. "[({\", ]" end
  local field = name:match("^%l[%a_]*%.([%a_]+)$")
  if field and not name:find("^async%.") and not name:find("^runner%.") then
    return "%." .. field .. "%f[^%w_]"
  end
  return "%f[%w_.:]" .. name:gsub("%.", "%%.") .. "%f[^%w_]"
end

local function check_shown(entry, examples)
  local pattern = pattern_of_use(entry.name)
  for _, example in ipairs(examples) do
    local code = example.code:gsub("%-%-[^\n]*", "")
    if example.section == entry.section and code:find(pattern) then return end
  end
  return "no example of its section uses it"
end

local function check_manual()
  local entries, examples = page.read("man/tinyasync.7")
  for _, example in ipairs(examples) do
    if example.name:find(only, 1, true) then report(example.name, check_example(example)) end
  end
  for _, entry in ipairs(entries) do
    report(entry.name .. " is shown", check_shown(entry, examples))
  end
end

-- Calls `found` with each block of Lua that says what it prints.
local function each_runnable(text, found)
  local from = 1
  while true do
    local _, stop, code, between = text:find("\n```lua\n(.-\n)```\n(.-)\n```", from)
    if not stop then return end
    local output, after = text:match("^\n(.-\n)```\n()", stop + 1)
    local name = between:match("`tinyasync ([%w_]+%.lua)`")
    local under_lua = between:match("`LUA_CPATH='build/lua/%?%.so;;' lua5%.4 ([%w_]+%.lua)`")
    if (name or under_lua) and output then
      found(name or under_lua, code, output, tonumber(between:match("status (%d+)") or 0), under_lua)
      from = after - 1
    else
      from = stop - 3
    end
  end
end

-- A plain lua5.4 has not the sanitizer that a module of a sanitized build needs.
local sanitized = shell.is_sanitized(program)

-- Four folders with a test each, for the first example of README.md: one ends after the other.
local function make_repositories()
  local before
  for _, repository in ipairs {{"api", "echo 12 passed"}, {"web", "echo no such page; false"},
    {"docs", "echo 3 passed"}, {"tools", "echo 7 passed"}} do
    local name, test = table.unpack(repository)
    local wait = before and ("until test -e ../%s/done; do sleep 0.02; done\n"):format(before) or ""
    os.execute("mkdir " .. quote(folder .. "/" .. name))
    shell.write(("%s/%s/test.sh"):format(folder, name), ("trap '>done' EXIT\n%s%s\n"):format(wait, test))
    before = name
  end
end

local function check_readme()
  make_repositories()
  local count, modules = 0, 0
  each_runnable(read("README.md"), function(name, code, output, status, under_lua)
    count = count + 1
    modules = modules + (under_lua and 1 or 0)
    if under_lua and sanitized then return end
    local got = execute(code, name, "&1", under_lua and UNDER_LUA)
    local fault = first_difference(split(got.out), split(output))
    if not fault and got.status ~= status then
      fault = ("status: expected %d, got %d"):format(status, got.status)
    end
    report("README.md " .. name, fault)
  end)
  if count - modules < 3 then report("README.md", "the blocks of Lua were not found") end
  if modules == 0 then report("README.md", "the block for the Lua module was not found") end
end

-- Are these lines of the output, in this order?  "..." stands for any number.
local function missing_line(output, shown)
  local lines, i = split(output), 1
  for line in shown:gmatch("[^\n]+") do
    if line:find("^%s*%.%.%.$") then goto continue end
    while lines[i] and lines[i] ~= line do i = i + 1 end
    if not lines[i] then return "it does not print " .. line .. ", but: " .. output end
    i = i + 1
    ::continue::
  end
end

-- A block that begins with "$ tinyasync ARGUMENTS" is what a shell shows.
local function check_sessions()
  local count = 0
  for arguments, shown in read("README.md"):gmatch("\n```\n%$ tinyasync ([^\n]+)\n(.-\n)```") do
    count = count + 1
    local output = shell.output_of(("timeout -k 1 140 %s %s 2>&1 </dev/null"):format(quote(program), arguments))
    report("README.md $ tinyasync " .. arguments, missing_line(output, shown))
  end
  if count == 0 then report("README.md", "no session was found") end
end

-- Examples that connect, or that others connect to.
local function check_sockets()
  local command = "timeout -k 1 140 %s run tests/manual/sockets.lua README.md %s 2>&1 </dev/null"
  local output = shell.output_of(command:format(quote(program), quote(folder)))
  for _, name in ipairs {"ports.lua", "echo.lua"} do
    local fault = output:match("%f[%w]" .. name .. "\t(%C*)") or output
    report("README.md " .. name, fault ~= "" and fault or nil)
  end
end

check_manual()
check_readme()
check_sockets()
check_sessions()
verdict.leave()
