-- SPDX-License-Identifier: MIT
--
-- reference.lua -- the article's algorithm once more, as plainly as it goes.
--
-- Task and Runner below are the article's: a list of tasks, all of them looked
-- at in every pass, each stepped when its time has come.  Nothing is clever,
-- so that one can see by reading that it is right.  The clock is virtual: it
-- stands still while tasks run, or moves on a little whenever it is read.
-- Where behaviour.md asks for more than the article, a comment says "contract".
--
-- reference.run(source, chunkname, ticking) gives what the program must print, standard
-- output and standard error together, and its exit status.

local reference = {}

-- The first value of a yield that a wait makes; what else a coroutine yields is
-- between it and its consumer.
local WAIT = {}

-- Contract: what is raised in daemons when only they are left.
local CANCELLED = setmetatable({}, {__tostring = function() return "cancelled: the run has ended" end})

local MAX_STEPS = 300000 -- a program that takes more was not meant to
local PASSES_AT_INSTANT = 1000
local LITTLE = 1e-3 -- seconds
local MOST_NEWCOMERS = 10000
local TICK = 1 / 8192 -- seconds

-- ------------------------------------------------------------------- Task

local Task = {}
Task.__index = Task

function Task.new(id, options, fn, ...)
  local self = setmetatable({}, Task)
  local arguments = table.pack(...)
  self.id = id
  self.daemon = options.daemon or false
  self.error = nil
  self.proceed_at = 0
  -- Contract: clean-up runs before the failure is reported, and may wait.
  self.coro = coroutine.create(function()
    local ok, err = pcall(fn, table.unpack(arguments, 1, arguments.n))
    if not ok and not (self.cancelled and err == CANCELLED) then self.error = {err} end
  end)
  return self
end

function Task:step()
  if self.cancelled and not self.started then
    self.coro = nil
    return
  end
  self.started = true
  self.sleeping = false
  local ok, mark, wait_info = coroutine.resume(self.coro)
  assert(ok, mark)
  if coroutine.status(self.coro) == "dead" then
    self.coro = nil
    return
  end
  assert(mark == WAIT and wait_info.action == "sleep")
  -- Contract: a delay of 0 or less means the next pass.
  self.sleeping = wait_info.delay > 0
  self.proceed_at = self.sleeping and wait_info.start + wait_info.delay or 0
end

-- Contract: raised at its wait; one that was complete ends first.
function Task:cancel()
  self.cancelled = true
  if not self.sleeping then return end
  self.given_up = true
  self.proceed_at = 0
end

-- ----------------------------------------------------------------- Runner

local Runner = {}
Runner.__index = Runner

function Runner.new(print_error, tick)
  return setmetatable({
    tasks = {}, clock = 0.0, tick = tick, last_id = 0, steps = 0, failed = false,
    print_error = print_error,
  }, Runner)
end

function Runner:read_clock()
  self.clock = self.clock + self.tick
  return self.clock
end

function Runner:add_task(options, fn, ...)
  self.last_id = self.last_id + 1
  local task = Task.new(self.last_id, options, fn, ...)
  task.cancelled = self.cancelling
  task.comes_late = not self:has_room()
  self.tasks[#self.tasks + 1] = task
  return task
end

-- Contract: of those added in a pass so many take their first step in it.
function Runner:has_room()
  if not self.room then return true end
  self.room = self.room - 1
  return self.room >= 0
end

function Runner:is_due(task)
  return task.proceed_at <= self.now and not task.comes_late
end

function Runner:step(task)
  self.steps = self.steps + 1
  assert(self.steps < MAX_STEPS, "the program runs for too long")
  self.current = task
  task:step()
  self.current = nil
  -- Contract: did the step end by giving up the turn, and no more?
  if task.sleeping or not task.coro then self.polled = false end
  if not task.error then return end
  self.failed = true
  self.print_error("Error in task: " .. tostring(task.error[1]))
end

-- Steps each task whose time has come; the list may grow meanwhile.
function Runner:pass()
  self.now, self.polled, self.room = self:read_clock(), true, nil
  local due = 0
  for _, task in ipairs(self.tasks) do
    if self:is_due(task) then due = due + 1 end
  end
  self.room = due + MOST_NEWCOMERS
  local i = 1
  while i <= #self.tasks do
    local task = self.tasks[i]
    if self:is_due(task) then self:step(task) end
    i = i + 1
  end
  self.room = nil
  local living = {}
  for _, each in ipairs(self.tasks) do
    each.comes_late = false
    if each.coro then living[#living + 1] = each end
  end
  self.tasks = living
end

function Runner:only_daemons()
  for _, task in ipairs(self.tasks) do
    if not task.daemon then return false end
  end
  return true
end

-- When somebody is runnable, and the first deadline that lies in the future.
function Runner:when_next()
  local soonest, later = math.huge, math.huge
  for _, task in ipairs(self.tasks) do
    soonest = math.min(soonest, task.proceed_at)
    if task.proceed_at > self.clock then later = math.min(later, task.proceed_at) end
  end
  return soonest, later
end

function Runner:run()
  local passes = 0
  while true do
    self:pass()
    if self:only_daemons() then break end
    passes = self.polled and passes + 1 or 0
    local soonest, later = self:when_next()
    -- Contract: tasks that never sleep cannot stop time.
    if passes >= PASSES_AT_INSTANT then
      soonest = later < math.huge and later or self.clock + LITTLE
    end
    if soonest > self.clock then
      self.clock = soonest
      passes = 0
    end
  end
  -- Contract: daemons unwind when only they are left, and what they spawn never
  -- starts.
  self.cancelling = true
  for _, task in ipairs(self.tasks) do task:cancel() end
  while #self.tasks > 0 do self:pass() end
end

-- ------------------------------------------------- what a script may call

local function is_task(runner)
  return coroutine.running() == runner.current.coro
end

-- Contract: a mistake raises at the yield, so that a script can catch it.  The
-- level is that of whoever called the function that calls this one.
local function check_delay(...)
  local delay = ...
  if type(delay) ~= "number" then
    local got = select("#", ...) == 0 and "no value" or type(delay)
    error("sleep: delay must be a number of seconds, got " .. got, 3)
  elseif delay ~= delay then
    error("sleep: delay must be a number of seconds, got nan", 3)
  end
end

-- Contract: a sleep gives the seconds slept.
local function wait(runner, delay)
  local task = runner.current
  if task.cancelled then error(CANCELLED) end
  local start = runner:read_clock()
  coroutine.yield(WAIT, {action = "sleep", delay = delay, start = start})
  if task.given_up then
    task.given_up = false
    error(CANCELLED)
  end
  return math.max(runner.now - start, delay)
end

-- Contract: a cancellation in force is not caught.
local function check_caught(runner, co, ok, ...)
  local err = ...
  if ok or err ~= CANCELLED or not runner.current.cancelled then return ok, ... end
  if co then err = select(2, coroutine.close(co)) or err end
  if err == CANCELLED then error(CANCELLED) end
  return ok, err
end

local function make_pcall(runner)
  return function(...)
    return check_caught(runner, nil, pcall(...))
  end
end

local function make_sleep(runner)
  return function(...)
    check_delay(...)
    local delay = ...
    local slept = wait(runner, delay)
    return slept
  end
end

local function make_yield(runner)
  return function(...)
    if not is_task(runner) then return coroutine.yield(...) end
    local request = ...
    if request == nil then
      wait(runner, 0)
      return
    elseif type(request) ~= "table" then
      error("a task must yield a table with an action, got a " .. type(request), 2)
    elseif request.action ~= "sleep" then
      error("Unknown async action '" .. request.action .. "'.", 2)
    end
    check_delay(request.delay)
    local slept = wait(runner, request.delay)
    return slept
  end
end

-- Contract: waits pass through nested coroutines, plain yields do not.
local function make_resume(runner)
  return function(co, ...)
    local results = table.pack(coroutine.resume(co, ...))
    while results[1] and results[2] == WAIT do
      coroutine.yield(WAIT, results[3])
      results = table.pack(coroutine.resume(co))
    end
    return check_caught(runner, co, table.unpack(results, 1, results.n))
  end
end

-- As Lua's own: an error's text gets the place of the call in front.
local function wrap(resume, fn)
  local co = coroutine.create(fn)
  return function(...)
    local results = table.pack(resume(co, ...))
    if results[1] then return table.unpack(results, 2, results.n) end
    local err = results[2]
    if coroutine.status(co) == "dead" then err = select(2, coroutine.close(co)) or err end
    if type(err) == "string" then
      local caller = debug.getinfo(2, "Sl")
      if caller.currentline > 0 then
        err = caller.short_src .. ":" .. caller.currentline .. ": " .. err
      end
    end
    error(err, 0)
  end
end

local function make_spawn(runner, method_of)
  return function(first, ...)
    if first == method_of then return runner:add_task({}, ...) end
    if type(first) == "table" then return runner:add_task(first, ...) end
    return runner:add_task({}, first, ...)
  end
end

-- Both streams end in one list: there is nothing to flush here.
local function make_io(log)
  local out, err = {}, {}
  function out:write(...)
    log[#log + 1] = table.concat({...})
    return self
  end
  err.write = out.write
  return {stdout = out, stderr = err, write = function(...) return out:write(...) end}
end

local function make_environment(runner, log)
  local env = setmetatable({}, {__index = _G})
  env._G = env
  env.io = make_io(log)
  function env.print(...)
    local values = table.pack(...)
    for i = 1, values.n do values[i] = tostring(values[i]) end
    env.io.write(table.concat(values, "\t"), "\n")
  end
  env.sleep = make_sleep(runner)
  env.spawn = make_spawn(runner, {})
  env.runner = {}
  env.runner.add_task = make_spawn(runner, env.runner)
  env.pcall = make_pcall(runner)
  local resume = make_resume(runner)
  env.coroutine = setmetatable({
    resume = resume,
    wrap = function(fn) return wrap(resume, fn) end,
    yield = make_yield(runner),
  }, {__index = coroutine})
  env.async = {
    now = function() return runner:read_clock() end,
    current = function() return runner.current end,
    checkpoint = function() wait(runner, 0) end,
  }
  return env
end

-- ------------------------------------------------------------------- run

-- Contract: the chunk is the first task, and the functions it returns are the
-- next ones.
local function add_chunk(runner, chunk)
  runner:add_task({}, function()
    -- Called from C, as in the program: nobody's line stands above it.
    local results = table.pack(pcall(chunk))
    if not results[1] then error(results[2], 0) end
    for i = 2, results.n do
      if type(results[i]) == "function" then runner:add_task({}, results[i]) end
    end
  end)
end

function reference.run(source, chunkname, ticking)
  local log = {}
  local function print_error(line) log[#log + 1] = line .. "\n" end
  local runner = Runner.new(print_error, ticking and TICK or 0.0)
  local chunk = assert(load(source, chunkname, "t", make_environment(runner, log)))
  add_chunk(runner, chunk)
  runner:run()
  return table.concat(log), runner.failed and 1 or 0
end

return reference
