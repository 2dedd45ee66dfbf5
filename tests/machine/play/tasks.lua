-- SPDX-License-Identifier: MIT
--
-- tasks.lua -- tasks: their birth and their end, awaits, cancellations, what is their own.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local fail, name, sync = model.fail, model.name, model.sync
  local resumed, in_force = model.resumed, model.in_force
  local unpack = table.unpack
  local pick, say, watch = stage.pick, stage.say, stage.watch
  local new_value, new_error = stage.new_value, stage.new_error
  local noted_end, exec, leaf = stage.noted_end, stage.exec, stage.leaf
  local NOTHING, locals = stage.NOTHING, stage.locals
  local cancelled_themselves = stage.cancelled_themselves

  -- The task's own values are what it, and who spawned it, have set.
  local function check_locals(task)
    for number, own in ipairs(locals) do
      local value = own:get()
      if value ~= (task.locals[number] or 0) then
        fail("%s: its task-local is %s, and should be %s", name(task), host.show(value),
          host.show(task.locals[number]))
      end
    end
  end

  function play.local_set(task, op)
    local number = (op.n - 1) % #locals + 1
    check_locals(task)
    task.locals[number] = new_value()
    locals[number]:set(task.locals[number])
  end

  local function results_of(task, procedure)
    if procedure.results == 0 then return NOTHING end
    if procedure.results == 1 then return {n = 1, "result of " .. task.id} end
    return {n = procedure.results, task.id, nil, "result"}
  end

  local function body(task)
    local _ <close> = noted_end(task)
    resumed(task)
    task.started = true
    if task.cause then fail("%s starts although it was cancelled", name(task)) end
    say(task, "starts")
    local end_watch <close> = watch(function(err)
      if model.running ~= task then fail("%s ends, and should not run", name(task)) end
      sync()
      local state = err == nil and "done" or model.is_in_force(task, err) and "cancelled"
        or "failed"
      if model.dooming then
        if model.dooming ~= task or err ~= nil then fail("%s is closed so", name(task)) end
        model.dooming, state, err = false, "cancelled", in_force(task).object
      end
      say(task, "ends: %s %s", state, err ~= nil and host.show(err) or "")
      model.end_task(task, state, err == nil and task.results or err)
    end)
    end_watch.of_body = true
    check_locals(task)
    exec(task, task.procedure.body, {unwind_stuck = false})
    check_locals(task)
    task.results = results_of(task, task.procedure)
    return unpack(task.results, 1, task.results.n)
  end

  local function start(by, procedure, daemon, scope, spawn_in)
    if #model.tasks >= stage.made.most_tasks then return end
    sync()
    local task = model.new_task(scope, daemon)
    if type(procedure) ~= "table" then procedure = pick(stage.made.procedures, procedure) end
    task.procedure = procedure
    local ok, handle = pcall(spawn_in, {daemon = daemon}, body, task)
    if not ok then -- only without the model is it not known that a scope has ended
      if not model.loose then fail("%s: spawn raised %s", name(by), host.show(handle)) end
      table.remove(model.tasks)
      error(handle, 0)
    end
    task.handle = handle
    task.id = task.handle.id
    host.remember(task.handle)
    say(by, "spawns %s%s", name(task), task.cause and " cancelled" or "")
    return task
  end

  function play.spawn(task, op) start(task, op.n, op.daemon, nil, spawn) end

  function play.await(task, op)
    local other = pick(model.tasks, op.n)
    local what = (op.protected and "pawait " or "await ") .. name(other)
    leaf(task, what, false, function()
      if other.ended then
        local results, err = model.outcome(other, op.protected)
        return results, nil, err
      end
      if other == task then return nil, nil, "a task cannot await itself" end
      local wait = {kind = "await", protected = op.protected}
      function wait.enter() model.join(wait, other.awaiters) end
      return nil, wait
    end, function() return other.ended end,
      op.protected and other.handle.pawait or await, other.handle)
  end

  function play.cancel(task, op)
    local other = op.own and task or pick(model.tasks, op.n)
    sync()
    if op.own then cancelled_themselves[task.handle] = true end
    local reason = "reason " .. new_value()
    local took = model.cancel_task(other, reason)
    say(task, "cancels %s: %s", name(other), took)
    if other.handle:cancel(reason) ~= took then
      fail("%s: cancel() of %s did not give %s", name(task), name(other), tostring(took))
    end
  end

  function play.cancel_all(task)
    say(task, "cancels all")
    model.cancel_all()
    host.cancel_all()
  end

  function play.raise(task)
    local err = new_error()
    say(task, "raises %s", err)
    error(err, 0)
  end

  function play.tree(task)
    sync()
    local text = async.tree()
    if not text:find("#" .. task.id .. " ", 1, true) then
      fail("the tree does not show %s: %s", name(task), text)
    end
    if #async.tasks() ~= model.live then
      fail("there are %d tasks, and should be %d", #async.tasks(), model.live)
    end
    if async.current() ~= task.handle then fail("%s is not the current task", name(task)) end
  end

  stage.start = start
end
