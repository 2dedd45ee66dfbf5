-- SPDX-License-Identifier: MIT
--
-- step.lua -- a single operation beside the model: what has to come of it is asked
-- before, and compared after.

return function(stage)
  local host, model = stage.host, stage.model
  local fail, name, sync = model.fail, model.name, model.sync
  local resumed, in_force = model.resumed, model.in_force
  local pack, unpack = table.pack, table.unpack
  local say, watch, check_values = stage.say, stage.watch, stage.check_values

  local MOST_DELIVERIES = 100 -- of cancellations to a task, before it is closed

  -- Gives up the turn before the operation goes on: with again(), or as it has been
  -- decided.
  local function pause(task, want, is_there, again)
    want.pause = {kind = "turn", at_once = true, again = again, want = want, is_there = is_there}
    say(task, "gives up the turn first")
    model.begin_wait(task, want.pause)
  end

  -- The operation is over: if it has gone on after giving up the turn, with what?
  local function settle(task, want)
    local paused = want.pause
    want.pause = nil
    if not paused or task.wait ~= paused then return end
    resumed(task)
    if not paused.again then return end
    want.cause = in_force(task)
    if want.cause then return end
    if paused.is_there() and model.has_gone_on(task) then fail("no step can go on") end
    local wait
    want.results, wait, want.error = paused.again()
    if wait then fail("%s: %s has not waited", name(task), want.what) end
  end

  -- What an operation that is under way has to come to: `cause`, an error, results
  -- or a wait.
  local function after_error(task, want, err)
    settle(task, want)
    local wait = want.wait
    if wait then resumed(task) end
    local cause = want.cause
    if wait and wait.given_up then cause = in_force(task) end
    if cause then
      task.deliveries = (task.deliveries or 0) + 1
      if wait and wait.poke and wait.poke.gave_up ~= 1 then
        fail("%s: cancel() of its action was called %d times", name(task), wait.poke.gave_up)
      end
      return model.meet(task, cause, err)
    end
    local expected = want.error
    if wait and wait.done then expected = wait.error end
    if expected == nil then
      return fail("%s: %s raised %s", name(task), want.what, host.show(err))
    end
    if rawequal(err, expected) then return end
    if type(expected) ~= "string" or type(err) ~= "string" or not err:find(expected, 1, true) then
      fail("%s: %s raised %s, not %s", name(task), want.what, host.show(err), host.show(expected))
    end
  end

  -- Of several tasks that never started and that ended unseen, in an order that
  -- only the Runner knows, any may have ended a select.
  local function is_other_choice(wait, index, ok, err)
    local thing = wait.things[index]
    local task = thing and thing[1] == "task" and thing[2]
    return task and task.batch == wait.batch and ok == false and err == task.outcome
  end

  local function after_return(task, want, ...)
    settle(task, want)
    local wait = want.wait
    want.returned = true
    if want.cause then
      return fail("%s: %s did not raise the cancellation in force", name(task), want.what)
    end
    if want.error ~= nil then
      return fail("%s: %s did not raise %s", name(task), want.what, host.show(want.error))
    end
    local results = want.results
    if wait then
      resumed(task)
      if wait.given_up then
        return fail("%s: %s returned though it was cancelled", name(task), want.what)
      end
      if not wait.done then return fail("%s: %s has not waited", name(task), want.what) end
      if wait.error ~= nil then
        return fail("%s: %s did not raise %s", name(task), want.what, host.show(wait.error))
      end
      results = wait.finish and wait.finish(wait) or wait.results
    elseif model.running ~= task then
      fail("%s: %s has waited", name(task), want.what)
    end
    if host.verbose then
      local words = {}
      for i = 1, select("#", ...) do words[i] = host.show((select(i, ...))) end
      say(task, "  %s: %s", want.what, table.concat(words, ", "))
    end
    if results and not (wait and wait.batch and is_other_choice(wait, ...)) then
      check_values(task, want.what, results, pack(...))
    end
    return ...
  end

  -- What is in force on the task, or keeps it from waiting: nil, or what a
  -- function that may wait has to raise at entry.
  local function entry(task, what, strict)
    if model.ended then return end
    sync()
    if model.running ~= task then
      fail("%s runs, and %s should", name(task), name(model.running))
    end
    local cause = in_force(task)
    if cause then return {what = what, cause = cause} end
    if strict and task.stuck then return {what = what, error = "cannot wait"} end
  end

  -- Calls fn(...), which decide() foretells: results, or nil and a wait, or nil,
  -- nil and an error.  strict: fn raises where nothing can wait, also if it would
  -- not have to.  is_there(): would it go on without a wait?
  local function leaf(task, what, strict, decide, is_there, fn, ...)
    say(task, "%s", what)
    if model.ended then
      if not host.verbose then return fn(...) end
      local results = pack(fn(...))
      say(task, "  %s: %s", what, host.show(results[1]))
      return unpack(results, 1, results.n)
    end
    local want = entry(task, what, strict)
    if want and want.cause and (task.deliveries or 0) >= MOST_DELIVERIES then
      say(task, "was cancelled too often")
      model.dooming = task
    end
    if not want and is_there and is_there() and model.has_gone_on(task) then
      want = {what = what}
      pause(task, want, is_there, decide)
    elseif not want then
      local results, wait, err = decide()
      want = {what = what, results = results, error = err}
      if wait and task.stuck then
        want.error = "cannot wait"
      elseif wait then
        if wait.enter then wait.enter(wait) end
        want.wait = model.begin_wait(task, wait)
      end
    end
    local _ <close> = watch(function(err)
      if want.returned then return end
      say(task, "  %s raised %s", what, host.show(err))
      after_error(task, want, err)
    end)
    return after_return(task, want, fn(...))
  end

  local NOTHING = {n = 0}
  local function nothing() return NOTHING end

  local function finish_turn() return NOTHING end

  stage.pause = pause
  stage.settle = settle
  stage.after_error = after_error
  stage.entry = entry
  stage.leaf = leaf
  stage.NOTHING = NOTHING
  stage.nothing = nothing
  stage.finish_turn = finish_turn
end
