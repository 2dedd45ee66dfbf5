-- SPDX-License-Identifier: MIT
--
-- check.lua -- the program against the article, on random programs.
--
--   lua5.4 tests/model/check.lua PROGRAM COUNT [FIRST_SEED]
--
-- Each seed gives a script (program.lua).  What PROGRAM prints when it runs the
-- script, standard output and standard error through one pipe, and its exit
-- status must be what the article's algorithm gives (reference.lua).

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. here .. "/../?.lua;" .. package.path

local program = require "program"
local reference = require "reference"
local shell = require "kit.shell"
local quote = shell.quote

local BATCH = 100   -- programs a line of output, and a shell
local SECONDS = 60  -- for a batch, before it is ended

-- Stands alone on the line after a program's output, with seed and status.
local MARK = "=== end of program "

-- The name is part of error messages, so both sides must see the same one.
local function script_name(seed, real)
  return (real and "real%d.lua" or "p%d.lua"):format(seed)
end

-- ----------------------------------------------------------------- a batch

-- Starts the scripts one after the other, each in a process of its own; its
-- output is read from the pipe that is returned.
local function start(path, directory, first, last)
  local loop = ([[
cd %s || exit
seed=%d
while [ $seed -le %d ]; do
  if [ -e real$seed.lua ]; then
    %s run --traceback=off real$seed.lua 2>&1
  else
    %s run --virtual-time --traceback=off p$seed.lua 2>&1
  fi
  printf '\n%s%%d %%d\n' $seed $?
  seed=$((seed + 1))
done]]):format(quote(directory), first, last, quote(path), quote(path), MARK)
  return assert(io.popen(("timeout %d sh -c %s 2>&1"):format(SECONDS, quote(loop))))
end

-- seed -> {log, status}
local function collect(pipe)
  local results = {}
  local text = pipe:read("a")
  pipe:close()
  for log, seed, status in text:gmatch("(.-)\n" .. MARK .. "(%d+) (%d+)\n") do
    results[math.tointeger(seed)] = {log, math.tointeger(status)}
  end
  return results
end

-- The first line that differs: its number and what it should and does say.
local function first_difference(expected, got)
  local next_got = (got .. "\n"):gmatch("(.-)\n")
  local number = 0
  for line in (expected .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local other = next_got()
    if line ~= other then return number, line, other or "(nothing more)" end
  end
  return number + 1, "(nothing more)", next_got() or "(nothing more)"
end

local function report(path, seed, expected, result)
  local log, status = table.unpack(result or {"(it was not run to its end)", -1})
  local number, wanted, got = first_difference(expected[1], log)
  if expected[1] == log then
    number, wanted, got = "of the exit status", expected[2], status
  end
  print(("not ok model seed %d: line %s differs"):format(seed, number))
  print(("  expected: %s\n  got:      %s"):format(wanted, got))
  print(("  again:    lua5.4 %s %s 1 %d"):format(arg[0], quote(path), seed))
  print(("  script:   lua5.4 %s/program.lua %d"):format(here, seed))
end

-- The scripts of a batch by seed: {source, name, real}.
local function make_scripts(directory, first, last)
  local scripts = {}
  for seed = first, last do
    local source, real = program.make(seed)
    scripts[seed] = {source = source, name = script_name(seed, real), real = real}
    shell.write(directory .. "/" .. scripts[seed].name, source)
  end
  return scripts
end

-- Gives how many of the programs differ.
local function check_batch(path, directory, first, last)
  local scripts = make_scripts(directory, first, last)
  local pipe = start(path, directory, first, last)
  -- The reference runs while they do.
  for _, script in pairs(scripts) do
    script.expected = {reference.run(script.source, "@" .. script.name, script.real)}
  end
  local results, failures = collect(pipe), 0
  for seed = first, last do
    local result, expected = results[seed], scripts[seed].expected
    if not result or result[1] ~= expected[1] or result[2] ~= expected[2] then
      failures = failures + 1
      report(path, seed, expected, result)
    end
    os.remove(directory .. "/" .. scripts[seed].name)
  end
  if failures == 0 then print(("ok model: seeds %d to %d agree"):format(first, last)) end
  return failures
end

-- -------------------------------------------------------------------- main

local function check_all(path, directory, first, last)
  local failures = 0
  for from = first, last, BATCH do
    failures = failures + check_batch(path, directory, from, math.min(from + BATCH - 1, last))
  end
  return failures
end

-- Lua before 5.4.3 has no integers in strings.
local function to_integer(text)
  return math.tointeger(tonumber(text))
end

local function main(path, count, first)
  count, first = to_integer(count or ""), to_integer(first or 1)
  if not path or not count or count < 1 or not first then
    io.stderr:write("usage: lua5.4 check.lua PROGRAM COUNT [FIRST_SEED]\n")
    return 2
  end
  path = shell.line_of("realpath -- " .. quote(path)) or path
  local directory, temporary <close> = shell.temporary_folder()
  local ok, failures = xpcall(check_all, debug.traceback, path, directory, first, first + count - 1)
  if not ok then error(failures, 0) end
  if failures > 0 then print(("# %d of %d programs differ"):format(failures, count)) end
  return failures > 0 and 1 or 0
end

io.stdout:setvbuf("line")
os.exit(main(table.unpack(arg)), true)
