-- SPDX-License-Identifier: MIT
--
-- child.lua -- a command that runs: the tasks that help it, its end, and its result.

local parts = process_parts()
local wait = parts.wait
local failure = parts.use "failure"
local plumbing = parts.use "plumbing"
local OUT, ERR, READS, FEEDS = plumbing.OUT, plumbing.ERR, plumbing.READS, plumbing.FEEDS
local add_helper = plumbing.add_helper

local LEAST = 1 -- second to hand on what has come
local LOOK = 0.01 -- second to hear of an end that has been

-- What is known of one; scripts see less of it.
local Child = {}

-- --------------------------------------------------------------------- helpers

local stop_child

-- An error of a helper's is the command's.
local function help(child, helper)
  local ok, err = pcall(helper.fn, unpack(helper.arguments, 1, helper.arguments.n))
  helper.done = ok
  if ok then return end
  helper.failed, helper.error = true, err
  stop_child(child)
end

local function run_helper(child, helper)
  helper.task = parts.add_task(helper.name, function()
    local closing <close> = helper
    helper.begun = true
    if helper.role ~= READS then return help(child, helper) end
    async.shield(async.scope, function(scope)
      helper.scope = scope
      help(child, helper)
    end)
  end)
end

local function join(helper)
  if helper.task then helper.task:pawait() end
end

local function cancel(helper)
  if helper.task then helper.task:cancel() end
end

-- How its task is once it has begun, or could not.
local function status_of(helper)
  local task = helper.task
  while task and not helper.begun and task:status() == "runnable" do async.checkpoint() end
  return task and task:status() or "failed"
end

-- A task that there was no memory for to begin has left all as it was: nobody reads what the
-- command writes, say, or is there to stop it in time.
local function see_begun(child)
  for _, helper in ipairs(child.helpers) do
    local status = status_of(helper)
    if status == "failed" then
      plumbing.give_up_helper(helper, "not enough memory")
      stop_child(child)
    elseif status == "cancelled" and not helper.begun then
      plumbing.give_up_helper(helper)
    end
  end
  return true
end

-- What a function of the script's does with the output may never end: when the command was
-- stopped it has the time of grace.
local function give_up(child, at)
  for _, helper in ipairs(child.helpers) do
    if helper.role == READS then
      async.move_on_after(max(0, at - async.now()), join, helper)
      if helper.scope then helper.scope:cancel() end
    end
  end
end

local function give_up_at(child, at)
  if at >= (child.gives_up_at or huge) or #child.helpers == 0 then return end
  child.gives_up_at = at
  add_helper(child, format("end of '%s'", child.plan.text), FEEDS, {}, give_up, child, at)
  run_helper(child, child.helpers[#child.helpers])
end

function stop_child(child, grace)
  grace = grace or child.grace
  parts.stop(child.command, child.signal_number, grace, child.leader_only)
  for _, helper in ipairs(child.helpers) do
    if helper.role == plumbing.IS_STAGE then cancel(helper) end
  end
  give_up_at(child, async.now() + grace + LEAST)
end

-- -------------------------------------------------------------------- results

local function is_allowed(given, status)
  local allow = given.allow
  if status == 0 or allow == nil then return status == 0 end
  if type(allow) == "number" then return status == allow end
  for i = 1, #allow do
    if allow[i] == status then return true end
  end
  return false
end

-- A stage that wrote to one that reads no more has not failed.
local function stage_result(child, stage, i, count)
  if stage.call then
    local helper = stage.helper
    return {ok = helper.done, command = stage.text, error = helper.failed and helper.error or nil}
  end
  local pid, _, status, signal, duration, cpu, max_rss = parts.stage(child.command, stage.index)
  local unread = signal == "PIPE" and i < count
  return {ok = unread or status ~= nil and is_allowed(stage.options, status), status = status,
    signal = signal, command = stage.text, pid = pid, duration = duration, cpu = cpu,
    max_rss = max_rss}
end

local function text_of(child, which, result)
  if not child.captures[which] then return nil end
  local text, truncated = parts.captured(child.command, which)
  if truncated then result.truncated = true end
  return text
end

local function add_up(result, stages)
  result.cpu, result.max_rss, result.duration = 0, 0, 0
  for _, stage in ipairs(stages) do
    result.cpu = result.cpu + (stage.cpu or 0)
    result.max_rss = max(result.max_rss, stage.max_rss or 0)
    result.duration = max(result.duration, stage.duration or 0)
  end
end

-- A function that failed had the others stopped.
local function first_failed(stages)
  local first
  for _, stage in ipairs(stages) do
    if stage.error ~= nil then return stage end
    if not stage.ok then first = first or stage end
  end
  return first
end

local function result_of(child)
  local plan = child.plan
  local result = {command = plan.text, pid = child.pid, cwd = plan.directory, stages = {}}
  for i, stage in ipairs(plan.stages) do
    result.stages[i] = stage_result(child, stage, i, #plan.stages)
  end
  local ok = not child.timed_out
  for _, helper in ipairs(child.helpers) do ok = ok and not helper.failed end
  add_up(result, result.stages)
  result.stdout = text_of(child, OUT, result)
  result.stderr = text_of(child, ERR, result)
  local _, held, left_behind = parts.state(child.command)
  result.held = held or nil
  result.code = left_behind and "EPERM" or nil
  if plan.name == "read" and result.truncated then
    child.too_long = plan.options.max_output or plumbing.MAX_OUTPUT
  end
  if child.timed_out then result.timed_out = true end
  local failed = first_failed(result.stages)
  local last = result.stages[#result.stages]
  result.status, result.signal = (failed or last).status, (failed or last).signal
  result.error = failed and failed.error
  if not failed then result.status = last.status or 0 end
  result.ok = ok and not failed and not child.too_long and not left_behind
  return result
end

-- Those that give up come last.
local function join_helpers(child)
  for _, helper in ipairs(child.helpers) do
    if helper.role == FEEDS then cancel(helper) end
    join(helper)
  end
end

-- Was it stopped because it wrote more than is read?
local function is_too_long(child)
  local most = child.plan.options.max_output or plumbing.MAX_OUTPUT
  return child.plan.name == "read" and parts.captured_size(child.command, OUT) > most
end

-- When the group is gone and the pipes have ended: the same table for everybody.
local function finish(child)
  see_begun(child)
  wait(child.command)
  if is_too_long(child) then stop_child(child) end
  if not child.result then
    join_helpers(child)
    child.result = child.result or result_of(child)
  end
  return child.result
end

-- Stops it, and waits until it is gone, cancelled or not.  Lines that no loop takes any more hold
-- nobody up.
local function end_child(child, grace)
  if child.result then return end
  if child.plan.name == "lines" then
    parts.unfollow(child.command, child.stdout)
    child.stdout:close()
  end
  stop_child(child, grace)
  if not parts.can_wait() then return end
  local result = async.shield(finish, child)
  if result.code then parts.report(failure.left_behind(result) .. "\n") end
end

Child.__close = function(child) end_child(child) end

local function have_all_ended(child)
  for i = 1, child.processes do
    local _, ended = parts.stage(child.command, i)
    if not ended then return false end
  end
  return true
end

-- Its time is over: or has it ended before, and nobody looked, as the machine was busy or we were
-- stopped?
local function has_made_it(child)
  async.move_on_after(LOOK, wait, child.command)
  return have_all_ended(child) and async.move_on_after(LEAST, finish, child)
end

local function is_held_up(child)
  local _, _, _, held_up = parts.state(child.command)
  return held_up
end

-- One that only a reader of ours holds up had time enough.
local function end_in_time(child)
  child.timed_out = not is_held_up(child) or nil
  stop_child(child)
end

-- What is printed from now on comes after all that it has shown.
local function finish_showing(child)
  local result = finish(child)
  if child.plan.shown then parts.has_left(child.command) end
  return result
end

-- The result, within the time that it has: if it has ended by then its time was enough.
local function finish_in_time(child)
  local timeout = child.plan.options.timeout
  if not timeout then return finish_showing(child) end
  local result = async.move_on_after(timeout, finish_showing, child) or child.result
  if not result and not is_held_up(child) then result = async.shield(has_made_it, child) end
  if result then return result end
  end_in_time(child)
  return async.shield(finish, child)
end

local function limit_time(child)
  local timeout = child.plan.options.timeout
  if not timeout then return end
  add_helper(child, format("timeout of '%s'", child.plan.text), FEEDS, {}, function()
    async.move_on_after(timeout, wait, child.command)
    if parts.state(child.command) then return end
    if not is_held_up(child) and has_made_it(child) then return end
    end_in_time(child)
  end)
  run_helper(child, child.helpers[#child.helpers])
end

return {kind = Child, run_helper = run_helper, see_begun = see_begun, stop = stop_child,
  finish = finish, finish_showing = finish_showing, finish_in_time = finish_in_time,
  close = end_child, limit_time = limit_time}
