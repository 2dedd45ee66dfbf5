-- SPDX-License-Identifier: MIT
--
-- run.lua -- what a shell's own command lines do, and ours: the same bytes and statuses.
-- Called from the repository's root:
--
--   lua5.4 tests/shell/run.lua PROGRAM [WORD]
--
-- The lines of table.lua run under bash, and then ours do, in folders of the same names: a folder
-- for each, in which it runs, and beside that NAME.out, NAME.err and NAME.statuses.  The two trees
-- are compared.  Then the real programs of programs.lua run.

local program, only = arg[1], arg[2] or ""
assert(program, "usage: lua5.4 tests/shell/run.lua PROGRAM [WORD]")

package.path = "tests/?.lua;" .. package.path
local shell = require "kit.shell"
local verdict = require "kit.verdict"
local quote = shell.quote

program = shell.line_of("realpath " .. quote(program))
local root = shell.line_of("pwd")
local folder, cleaner = shell.temporary_folder()
local cleaning <close> = cleaner

-- ------------------------------------------------------------------- the table

-- Ours are made of what is called here; lua5.4 only reads the shell's.
local nothing = setmetatable({}, {__index = function() return function() return {} end end})

local cases = {}
require "shell.table"(function(name, line, ours, options)
  assert(not cases[name], name)
  cases[name] = true
  if name:find(only, 1, true) then
    cases[#cases + 1] = {name = name, line = line, ours = ours, options = options or {}}
  end
end, nothing)

-- Bytes of all values, in no order that a block of any size has again.
local function many_bytes(count)
  local bytes, x = {}, 1
  for i = 1, count do
    x = (x * 1103515245 + 12345) % 2147483648
    bytes[i] = string.char(x >> 16 & 255)
  end
  local block, parts = table.concat(bytes), {}
  for i = 1, 20 do parts[i] = block .. i end
  return table.concat(parts)
end

local function make_given()
  local path = folder .. "/given"
  os.execute("mkdir -p " .. quote(path .. "/sub"))
  local function write(name, text) shell.write(path .. "/" .. name, text) end
  write("lines", "a man a plan\n\n  a canal\tpanama\nthe end of it\na man again\n\\n $HOME *\n"
    .. "no newline")
  write("left", "apple 1\nbanana 2\ncherry 3\n")
  write("right", "apple x\nbanana 2\ncherry z\ndate 3\n")
  write("table", "one,10,a b\ntwo,20,\nthree,30,c\n")
  write("zeros", "a\0b\0\0c")
  write("empty", "")
  write("binary", many_bytes(65537))
  write("sub/one", "1")
  write("sub/.two", "2")
  write("tool", '#!/bin/sh\nprintf "tool:%s;" "$#" "$@"\n')
  write("plain", 'echo "plain $*"\n')
  os.execute("cd " .. quote(path) .. " && chmod +x tool plain && gzip -nc left lines >archive.gz")
end

-- A tree is made as `now`, so that paths are the same for both.
local function make_folders()
  local words = {}
  for i, case in ipairs(cases) do words[i] = "now/" .. case.name end
  os.execute("cd " .. quote(folder) .. " && mkdir -p now " .. table.concat(words, " ")
    .. " && ln -s ../given now/given")
end

-- One script for all lines, each in a shell of its own.
local function run_shell()
  local parts = {}
  for i, case in ipairs(cases) do
    local name = case.name
    parts[i] = ("(cd now/%s && exec >../%s.out 2>../%s.err </dev/null\n%s\n"):format(name, name,
      name, case.line) .. 'echo "${PIPESTATUS[@]}" >../' .. name .. ".statuses)\n"
  end
  shell.write(folder .. "/lines.sh", table.concat(parts))
  os.execute("cd " .. quote(folder) .. " && timeout -k 1 250 bash lines.sh")
end

local function run_script(case)
  shell.write(folder .. "/script.lua", case.ours)
  local name, input = case.name, case.options.input or "/dev/null"
  os.execute(("cd %s/now/%s && { timeout -k 1 140 %s run ../../script.lua <%s "
    .. ">../%s.out 2>../%s.err; echo $? >../%s.statuses; }"):format(quote(folder), name,
    quote(program), input, name, name, name))
end

local function run_ours()
  os.execute(("cd %s && timeout -k 1 260 %s run --timeout=250 tests/shell/ours.lua %s %s"):format(
    quote(root), quote(program), quote(folder .. "/now"), quote(only)))
  for _, case in ipairs(cases) do
    if type(case.ours) == "string" then run_script(case) end
  end
end

local function rename(from, to)
  assert(os.rename(folder .. "/" .. from, folder .. "/" .. to))
end

-- What programs.lua says of its tests stands for itself.
local function run_programs()
  local ok = os.execute(("cd %s && timeout -k 1 300 %s run --timeout=290 "
    .. "tests/shell/programs.lua %s"):format(quote(root), quote(program), quote(only)))
  if not ok then verdict.failed = verdict.failed + 1 end
end

-- ----------------------------------------------------------------- comparing

local function said(who, case, what)
  local file <close> = io.open(folder .. "/" .. who .. "/" .. case.name .. "." .. what, "rb")
  return file and file:read "a" or "(nothing was written)"
end

-- Some bytes from where the two differ.
local function around(text, at)
  return ("%d bytes, from %d on %q"):format(#text, at, text:sub(at, at + 199))
end

local function difference(what, wanted, got)
  local at = 1
  while wanted:byte(at) == got:byte(at) do at = at + 1 end
  return ("%s\nof the shell: %s\nours: %s"):format(what, around(wanted, at), around(got, at))
end

local function compare_errors(case)
  local wanted, got = said("shell", case, "err"), said("ours", case, "err")
  local own = case.options.err
  if own == "shell" then wanted = "" end
  if own == false then return (wanted == "" or got == "") and "one does not say what went wrong" end
  return wanted ~= got and difference("stderr", wanted, got)
end

local function compare_statuses(case)
  local wanted, got = said("shell", case, "statuses"), said("ours", case, "statuses")
  if case.options.last then wanted, got = wanted:match "%S+$", got:match "%S+$" end
  return wanted ~= got and difference("statuses", wanted, got)
end

local function compare_output(case)
  local wanted, got = said("shell", case, "out"), said("ours", case, "out")
  return wanted ~= got and difference("stdout", wanted, got)
end

-- What differs in the two trees' folders; what the commands said is not looked at here.
local function differing_files()
  return shell.output_of("cd " .. quote(folder) .. " && diff -rq -x '*.out' -x '*.err' "
    .. "-x '*.statuses' -x given shell ours 2>&1")
end

local function compare_files(case, differing)
  for line in differing:gmatch "[^\n]+" do
    if line:find("/" .. case.name .. "[/:]") then return "what is left there\n" .. line end
  end
end

local function compare(case, differing)
  local line = case.line:sub(1, 200)
  local fault = compare_statuses(case) or compare_output(case) or compare_errors(case)
    or compare_files(case, differing)
  verdict.report("shell/" .. case.name, fault and line .. "\n" .. fault)
end

io.stdout:setvbuf "line"
make_given()
if #cases > 0 then
  make_folders()
  run_shell()
  rename("now", "shell")
  make_folders()
  run_ours()
  rename("now", "ours")
  local differing = differing_files()
  for _, case in ipairs(cases) do compare(case, differing) end
end
run_programs()
verdict.leave()
