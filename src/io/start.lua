-- SPDX-License-Identifier: MIT
--
-- start.lua -- a command is started: all of its stages, or none.
--
-- Starting it opens descriptors, which are closed whatever happens.

local parts = process_parts()
local raise = parts.raise
local output, plan_of = parts.use "output", parts.use "plan".of
local spelling, failure = parts.use "spelling", parts.use "failure"
local plumbing, running = parts.use "plumbing", parts.use "child"
local OUT, ERR = plumbing.OUT, plumbing.ERR
local explain = failure.explain
local new_stream, plug = plumbing.new_stream, plumbing.plug

local GRACE = 5 -- seconds

-- -------------------------------------------------------------- environments

local function environment_of(given)
  if not given.env and not given.clear_env then return nil end
  local env, list = given.env or {}, {}
  if not given.clear_env then
    for _, entry in ipairs(parts.environment()) do
      if env[match(entry, "^[^=]*")] == nil then list[#list + 1] = entry end
    end
  end
  for key, value in next, env do
    if value ~= false then
      list[#list + 1] = key .. "=" .. spelling.word_of("run", value, "env." .. key)
    end
  end
  return list
end

local function search_path(given)
  local path = given.env and given.env.PATH
  if path == false or path == nil and given.clear_env then return nil end
  return path and tostring(path) or parts.getenv "PATH"
end

-- --------------------------------------------------------------------- stages

local function start_process(child, stage, fds)
  local given = stage.options
  local path, number = stage.path, nil
  if not path then
    path, number = parts.find_program(stage.words[1], search_path(given), stage.directory)
  end
  if not path then return nil, explain(stage, "search", number) end
  local started, step, why = parts.start(child.command, path, stage.words, environment_of(given),
    stage.directory, fds[0], fds[OUT], fds[ERR], given.pty)
  if not started then return nil, explain(stage, step, why, path) end
  parts.name_stage(child.command, stage.text)
  stage.index = child.processes + 1
  child.processes = stage.index
  return true
end

-- A function in a pipeline: it gets streams, and its task is made when all has started.
local function start_function(child, stage, fds)
  local input, output, message, code
  input, message, code = new_stream(child, fds[0], "input of the function")
  if not input then return nil, message, code end
  output, message, code = new_stream(child, fds[OUT], "output of the function")
  if not output then return nil, message, code end
  plumbing.add_helper(child, "function", plumbing.IS_STAGE, {input, output}, stage.call, input,
    output)
  stage.helper = child.helpers[#child.helpers]
  return true
end

local function start_stage(child, stage, fds)
  if stage.call then return start_function(child, stage, fds) end
  return start_process(child, stage, fds)
end

-- Where a stage writes: into a pipe, of which the next one gets the other end, or where the last
-- one is told to.  Gives both ends; or false, message, code.
local function plug_stdout(child, opened, plan, i)
  local stage = plan.stages[i]
  if i == #plan.stages then
    local given = stage.options.stdout
    if given == nil then given = plan.defaults[OUT] end
    return plug(child, opened, OUT, stage, plan, given)
  end
  local reading, writing, code = plumbing.open_pipe(opened)
  if not reading then return false, writing, code end
  return writing, reading
end

-- The descriptors of a stage, and what the next one reads; or nil, message, code.
local function plug_sides(child, opened, plan, i, input)
  local stage = plan.stages[i]
  local out, next_input, code = plug_stdout(child, opened, plan, i)
  if out == false then return nil, next_input, code end
  local err, message, why = plumbing.plug_stderr(child, opened, stage, plan, out)
  if err == false then return nil, message, why end
  local fds = {[0] = input, [OUT] = out, [ERR] = err}
  if stage.options.pty then return plumbing.plug_pty(child, opened, fds) end -- it is the only one
  return fds, next_input
end

-- From the first to the last.
local function start_stages(child, opened, plan)
  local input, message, code = plumbing.plug_stdin(child, opened, plan)
  if input == false then return nil, message, code end
  for i, stage in ipairs(plan.stages) do
    local fds, next_input, why = plug_sides(child, opened, plan, i, input)
    if not fds then return nil, next_input, why end
    local started
    started, message, code = start_stage(child, stage, fds)
    if not started then return nil, message, code end
    input = next_input
  end
  return true
end

-- How many stages there are; one of them has to be a process.
local function check_processes(plan)
  for _, stage in ipairs(plan.stages) do
    if not stage.call then return #plan.stages end
  end
  raise(format("process.%s: a pipeline needs a command", plan.name))
end

local function wants_terminal(plan)
  local first = plan.stages[1]
  return first.words and first.options.stdin == "inherit"
end

local function new_child(plan)
  local given = plan.options
  return setmetatable({
    plan = plan,
    command = parts.new_command(plan.text, check_processes(plan), given.leftovers == "kill",
      given.detach, wants_terminal(plan)),
    processes = 0,
    helpers = {},
    streams = {},
    captures = {},
    capturing = {},
    showing = {},
    signal_number = parts.signal_number(given.stop_signal or "TERM"),
    grace = given.grace or GRACE,
    leader_only = given.kill == "process",
  }, running.kind)
end

-- What was begun and did not become a child.
local Begun = {__close = function(begun)
  local child = begun.child
  if begun.done then return end
  parts.stop(child.command, parts.signal_number "KILL", 0)
  for _, stream in ipairs(child.streams) do parts.end_stream(child.command, stream) end
  if parts.can_wait() then async.shield(parts.wait, child.command) end
end}

-- Makes ready what is to be shown of it.
local function open_shown(child, plan)
  local shown = plan.shown
  if not shown then return end
  local side = plan.options.stderr == "stdout" and OUT or ERR
  parts.open_shown(child.command, shown.label, shown.groups,
    plan.options.max_line or plumbing.MAX_LINE, side)
end

-- A child, or nil, message, code.
local function start(name, cmd, out, err)
  local plan = plan_of(name, cmd)
  plan.defaults = {[OUT] = out, [ERR] = err}
  local child = new_child(plan)
  open_shown(child, plan)
  local begun <close> = setmetatable({child = child}, Begun)
  local opened <close> = plumbing.descriptors()
  output.note(plan, failure.in_directory(plan.directory))
  local started, message, code = start_stages(child, opened, plan)
  if not started then return nil, message, code end
  for _, helper in ipairs(child.helpers) do running.run_helper(child, helper) end
  child.pid = parts.stage(child.command, 1)
  begun.done = true
  return child
end

return start
