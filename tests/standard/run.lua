-- SPDX-License-Identifier: MIT
--
-- run.lua -- what Lua's own functions that read, and start commands, give here and under
-- lua5.4: the same, whatever standard input is.  Called from the repository's root:
--
--   lua5.4 tests/standard/run.lua PROGRAM [WORD]
--   lua5.4 tests/standard/run.lua -a PROGRAM
--
-- Each case of cases.lua is a script, and its input.  It runs under both with that as a file,
-- in a pipe, and in a pipe piece by piece; once more where no task can wait, without -a piece by
-- piece only; and what they print is compared.

local all = arg[1] == "-a" and table.remove(arg, 1) ~= nil
local program, only = arg[1], arg[2] or ""
assert(program, "usage: lua5.4 tests/standard/run.lua PROGRAM [WORD]")

package.path = "tests/?.lua;" .. package.path
local shell = require "kit.shell"
local cases = require "standard.cases"
local quote = shell.quote

program = shell.line_of("realpath " .. quote(program))
local folder, cleaner = shell.temporary_folder()
local cleaning <close> = cleaner

-- How a script gets its input, and how lua5.4 does, to which pieces are as good as the whole.
local inputs = {
  {"a file", "%s <input"},
  {"a pipe", "cat input | %s"},
  {"pieces", "{ head -c 1 input; sleep 0.01; tail -c +2 input | head -c 4; sleep 0.01; "
    .. "tail -c +6 input; } | %s", for_lua = "cat input | %s"},
}

-- Lua has no task that could wait there.
local in_a_sort = [[
local function body(...)
%s
end
local done
table.sort({1, 2}, function()
  if not done then
    done = true
    body()
  end
  return false
end)
]]

local ways = {
  {"", "%s", first = 1},
  {" where nothing can wait", in_a_sort, first = all and 1 or #inputs},
}

local function run(interpreter, how)
  local command = how:gsub("%%s", function() return "timeout 99 " .. interpreter .. " case.lua" end)
  os.execute("cd " .. quote(folder) .. " && { " .. command .. "; } >out 2>&1; echo status $? >>"
    .. quote(folder) .. "/out")
  local text = shell.read(folder .. "/out")
  return (text:gsub("0x%x+", "ADDRESS"))
end

-- What lua5.4 makes of the case that is in the folder, by how it gets its input.
local under_lua

local function wanted_from(how)
  under_lua[how] = under_lua[how] or run("lua5.4", how)
  return under_lua[how]
end

local function compare(case, way, input)
  local wanted = wanted_from(input.for_lua or input[2])
  local got = run(quote(program) .. " run", input[2])
  if wanted == got then return true end
  local fault = ("not ok standard/%s, from %s%s: under lua5.4\n%sand here\n%s"):format(case.name,
    input[1], way[1], wanted, got)
  print((fault:gsub("\n", "\n  ")))
end

local failed = 0
for _, case in ipairs(cases) do
  if case.name:find(only, 1, true) then
    local right = true
    shell.write(folder .. "/input", case.input or "")
    for _, way in ipairs(ways) do
      under_lua = {}
      shell.write(folder .. "/case.lua", (way[2]:gsub("%%s", function() return case.code end)))
      for i = case.input and way.first or 1, case.input and #inputs or 1 do
        right = compare(case, way, inputs[i]) and right
      end
    end
    if right then print("ok standard/" .. case.name) else failed = failed + 1 end
  end
end
if failed > 0 then
  print(failed .. " of the cases failed")
  os.exit(1)
end
