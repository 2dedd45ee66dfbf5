-- SPDX-License-Identifier: MIT
--
-- processes.lua -- random commands, pipelines, outputs, timeouts and cancels, whose ends are
-- known beforehand.
--
--   tinyasync run tests/model/processes.lua [SEED [COUNT]]
--
-- What is undisturbed gives exactly its bytes and its status, wherever they go.  What is
-- cancelled or out of time gives a beginning of them, and functions whole lines.  At every
-- moment we have no more children than run, and at the end of each program no child, no
-- group and no descriptor more than before.

package.path = "tests/?.lua;" .. package.path
local processes = require "kit.processes"

local process = async.process
local seed, count = tonumber(arg and arg[1]) or 1, tonumber(arg and arg[2]) or 1
local random = math.random
local folder = process.read{"mktemp", "-d"}
local cleaning <close> = async.defer(function()
  async.shield(process.run, {"rm", "-r", folder})
end)

local function chance(percent) return random(100) <= percent end

local function fail(...) error(string.format(...), 0) end

-- ------------------------------------------------------------------ children

local running = 0 -- processes that may be there

local function read_file(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a" or ""
end

local pid = read_file "/proc/self/stat":match "^%d+"

local function children_of_ours()
  local file <close> = io.open(string.format("/proc/self/task/%d/children", pid))
  local number = 0
  for _ in (file and file:read "a" or ""):gmatch "%d+" do number = number + 1 end
  return number
end

-- One more is the guardian.
local function watch()
  while true do
    local number = children_of_ours()
    if number > running + 1 then return string.format("%d children, and %d run", number, running) end
    sleep(0.003)
  end
end

-- ------------------------------------------------------------------ commands

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i .. "\n" end
  return table.concat(list)
end

local function text_of(n)
  local parts = {"x", "\n", "yy\n", "\0", "\255", "line and line\n"}
  local list = {}
  for i = 1, n do list[i] = parts[random(#parts)] end
  return table.concat(list):rep(chance(20) and 300 or 1)
end

-- Each gives words, and what they do: out, err, status or signal; endless: it does not end.
local families = {
  function()
    local n = random(0, chance(20) and 30000 or 50)
    return {"seq", n}, {out = numbers(n), status = 0}
  end,
  function()
    local text = text_of(random(0, 200))
    return {"cat", stdin = text}, {out = text, status = 0}
  end,
  function()
    local n, m, status = random(0, 40), random(0, 40), random(0, 3)
    return {"sh", "-c", "seq $1; seq $2 >&2; exit $3", "sh", n, m, status},
      {out = numbers(n), err = numbers(m), status = status}
  end,
  function()
    local signal = ({"TERM", "KILL", "USR1", "INT"})[random(4)]
    return {"sh", "-c", "echo dies; kill -" .. signal .. " $$; sleep 60"}, {out = "dies\n", signal = signal}
  end,
  function()
    local script = ({"echo endless; sleep 300", "trap '' TERM; echo endless; sleep 300; sleep 300",
      "echo endless; sleep 300 & sleep 300 & wait"})[random(3)]
    return {"sh", "-c", script}, {out = "endless\n", endless = true}
  end,
}

local function upper(input, output)
  while true do
    local bytes = input:read_some()
    if not bytes or not output:write(bytes:upper()) then return end
  end
end

-- The stages after the first leave all as it is, or make it larger.
local function random_command()
  local cmd, effect = families[random(#families)]()
  effect.processes = 1
  if not chance(30) then
    cmd.grace = 0.05
    return cmd, effect
  end
  local stages = {cmd}
  for _ = 1, random(2) do
    if chance(50) then
      stages[#stages + 1] = upper
      effect.out = effect.out:upper()
    else
      stages[#stages + 1] = {"cat"}
      effect.processes = effect.processes + 1
    end
  end
  stages[#stages + 1] = {"cat", grace = 0.05}
  effect.processes = effect.processes + 1
  effect.err_is_inherited = true
  cmd.stderr = "null"
  return process.pipe(table.unpack(stages)), effect, stages[#stages]
end

-- ------------------------------------------------------------------- outputs

local function new_file()
  return folder .. "/" .. random(1 << 40)
end

-- Each gives the option, and a function that tells what has come there; whole: lines only.
local destinations = {
  capture = function() return "capture" end,
  null = function() return "null" end,
  file = function()
    local path = new_file()
    return {file = path}, function() return read_file(path) end
  end,
  append = function()
    local path = new_file()
    local file <close> = io.open(path, "wb")
    file:write "before\n"
    return {file = path, append = true}, function()
      local text = read_file(path)
      if text:sub(1, 7) ~= "before\n" then fail "what was there is gone" end
      return text:sub(8)
    end
  end,
  lines = function()
    local lines = {}
    return function(line)
      lines[#lines + 1] = line
      if chance(1) then sleep(chance(20) and 0.15 or random() * 0.01) end
    end, function() return lines end
  end,
}
local kinds = {"capture", "null", "file", "append", "lines"}

-- Is `got` the whole text, or, where it was cut short, a beginning?
local function compare(what, got, wanted, is_whole)
  if type(got) == "table" then
    local list = {}
    for line in (wanted:sub(-1) == "\n" and wanted or wanted .. "\n"):gmatch "(.-)\n" do list[#list + 1] = line end
    if wanted == "" then list = {} end
    if is_whole and #got ~= #list then fail("%s: %d lines instead of %d", what, #got, #list) end
    for i, line in ipairs(got) do
      local cut = not is_whole and i == #got
      if line ~= list[i] and not (cut and list[i] and list[i]:sub(1, #line) == line) then
        fail("%s: line %d is torn: %q", what, i, line)
      end
    end
  elseif is_whole and got ~= wanted or got ~= wanted:sub(1, #got) then
    fail("%s: %d bytes are not the %d that were written", what, #got, #wanted)
  end
end

-- ---------------------------------------------------------------- one command

local function check_result(result, effect, got)
  local whole = not effect.endless and not result.timed_out
  if result.stdout then compare("captured", result.stdout, effect.out, whole) end
  if result.stderr and not effect.err_is_inherited then
    compare("stderr", result.stderr, effect.err or "", whole)
  end
  for i, ask in ipairs(got) do compare("output " .. i, ask(), effect.out, whole) end
  if not whole then
    if result.ok then fail "it was stopped, and is said to be well" end
    return
  end
  local stage = result.stages[1]
  if stage.status ~= effect.status or stage.signal ~= effect.signal then
    fail("status %s, signal %s", tostring(stage.status), tostring(stage.signal))
  end
  if result.ok ~= (effect.status == 0) then fail "the wrong success" end
end

local function plug(options)
  local list, got, used = {}, {}, {}
  for _ = 1, chance(30) and random(2, 3) or 1 do
    local kind = kinds[random(#kinds)]
    if not used[kind] then
      local option, ask = destinations[kind]()
      used[kind] = true
      list[#list + 1] = option
      got[#got + 1] = ask
    end
  end
  options.stdout = #list == 1 and list[1] or list
  return got
end

local calls = {}

function calls.try(cmd, effect, options)
  local got = plug(options)
  if effect.endless or chance(5) then options.timeout = random() * 0.1 end
  check_result(assert(process.try(cmd)), effect, got)
end

function calls.spawn(cmd, effect, options)
  local got = plug(options)
  local child <close> = assert(process.spawn(cmd))
  if effect.endless then
    sleep(random() * 0.05)
    check_result(chance(50) and child:stop() or child:stop(0), effect, got)
  else
    check_result(child:wait(), effect, got)
  end
end

function calls.pipe(cmd, effect, options)
  options.stdout = "pipe"
  local child <close> = assert(process.spawn(cmd))
  local output <close> = child.stdout
  if effect.endless then
    compare("a line", output:read "L" or "", effect.out, false)
  else
    compare("a pipe", output:read "a", effect.out, true)
    check_result(child:wait(), effect, {})
  end
end

function calls.lines(cmd, effect)
  local lines = {}
  local ok, err = pcall(function()
    for line in process.lines(cmd) do
      lines[#lines + 1] = line
      if effect.endless then return end
    end
  end)
  if effect.endless then collectgarbage() end
  compare("a loop", lines, effect.out, not effect.endless)
  if not effect.endless and ok ~= (effect.status == 0) then fail("a loop ended with %s", tostring(err)) end
end

local names = {"try", "try", "spawn", "pipe", "lines"}

local function one()
  local cmd, effect, last = random_command()
  local options = last or cmd
  options.stderr = options.stderr or (chance(50) and "capture" or "null")
  local call = calls[names[random(#names)]]
  running = running + effect.processes
  -- A loop that is left may end its command by its garbage.
  local counting <close> = async.defer(function()
    if call ~= calls.lines then running = running - effect.processes end
  end)
  if chance(25) then
    async.move_on_after(random() * 0.05, call, cmd, effect, options)
  else
    call(cmd, effect, options)
  end
end

-- ------------------------------------------------------------------- programs

local function program()
  async.scope(function(scope)
    for _ = 1, random(2, 8) do scope:spawn(one) end
  end)
end

-- Loops that were left by their garbage, too.
local function is_quiet(before)
  collectgarbage()
  return children_of_ours() <= 1 and processes.descriptors() <= before
end

process.run{"true"}
local before = processes.descriptors()
for number = seed, seed + count - 1 do
  math.randomseed(number)
  local watching = spawn({daemon = true, name = "watch"}, watch)
  local ok, err = pcall(program)
  if ok and watching:status() == "done" then ok, err = false, await(watching) end
  watching:cancel()
  if ok and not processes.wait_until(is_quiet, before) then
    ok, err = false, string.format("%d children, %d descriptors are left", children_of_ours() - 1,
      processes.descriptors() - before)
  end
  if not ok then
    print(string.format("not ok model/processes: seed %d: %s", number, tostring(err)))
    os.exit(1, true)
  end
  running = 0
end
print(string.format("ok model/processes (%d programs)", count))
