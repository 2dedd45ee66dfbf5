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
-- piece only; and what they print is compared.  With TA_TEST_PART each case has one of the three
-- ways, and some of them run where no task can wait.

local all = arg[1] == "-a" and table.remove(arg, 1) ~= nil
local program, only = arg[1], arg[2] or ""
assert(program, "usage: lua5.4 tests/standard/run.lua PROGRAM [WORD]")

package.path = "tests/?.lua;" .. package.path
local part = require "kit.part"
local shell = require "kit.shell"
local verdict = require "kit.verdict"
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

-- A run is a command in a folder of its own; all of them run before any is judged.
local commands, texts = {}, {}

local function command_of(number, interpreter, how)
  local command = how:gsub("%%s", function() return interpreter .. " case.lua >out 2>&1" end)
  return ("cd %s/at%d && %s%s"):format(quote(folder), number, how == "%s <input" and "exec " or "",
    command)
end

-- Returns what gives its output later.
local function begin(case, way, interpreter, how)
  local number = #commands + 1
  commands[number] = command_of(number, interpreter, how)
  texts[number] = {input = case.input or "",
    code = way[2]:gsub("%%s", function() return case.code end)}
  return function()
    local text = shell.read(("%s/at%d/out"):format(folder, number))
    return text:gsub("0x%x+", "ADDRESS") .. "status " .. shell.read(folder .. "/" .. number)
  end
end

local function run_all()
  local paths = {}
  for number in ipairs(texts) do paths[number] = "at" .. number end
  os.execute("cd " .. quote(folder) .. " && mkdir " .. table.concat(paths, " "))
  for number, text in ipairs(texts) do
    shell.write(("%s/at%d/case.lua"):format(folder, number), text.code)
    shell.write(("%s/at%d/input"):format(folder, number), text.input)
  end
  shell.run_each(commands, folder, 99)
end

-- In all ways, or in those of this part.
local function is_taken(number, way, i)
  if part.is_all or all then return true end
  if way ~= ways[1] then return part.has(number) end
  return not cases[number].input or (number + part.first) % #inputs + 1 == i
end

-- Returns what gives later the first way in which it is not as under lua5.4.
local function begin_case(case, number)
  local comparisons = {}
  for _, way in ipairs(ways) do
    local under_lua = {} -- by how it gets its input
    for i = case.input and way.first or 1, case.input and #inputs or 1 do
      local input = inputs[i]
      if is_taken(number, way, i) then
        local how = input.for_lua or input[2]
        under_lua[how] = under_lua[how] or begin(case, way, "lua5.4", how)
        comparisons[#comparisons + 1] = {from = input[1] .. way[1], wanted = under_lua[how],
          got = begin(case, way, quote(program) .. " run", input[2])}
      end
    end
  end
  return function()
    for _, comparison in ipairs(comparisons) do
      local wanted, got = comparison.wanted(), comparison.got()
      if wanted ~= got then
        return ("from %s: under lua5.4\n%sand here\n%s"):format(comparison.from, wanted, got)
      end
    end
  end
end

local finders, names = {}, {}
for number, case in ipairs(cases) do
  if case.name:find(only, 1, true) then
    finders[#finders + 1] = begin_case(case, number)
    names[#finders] = case.name
  end
end
run_all()
for i, find in ipairs(finders) do verdict.report("standard/" .. names[i], find()) end
verdict.leave()
