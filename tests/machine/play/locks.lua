-- SPDX-License-Identifier: MIT
--
-- locks.lua -- events, locks and semaphores.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local fail, name, sync, resumed = model.fail, model.name, model.sync, model.resumed
  local pack = table.pack
  local pick, say, watch = stage.pick, stage.say, stage.watch
  local same_error, check_values = stage.same_error, stage.check_values
  local exec, pause, settle = stage.exec, stage.pause, stage.settle
  local after_error, entry = stage.after_error, stage.entry
  local leaf, NOTHING, nothing = stage.leaf, stage.NOTHING, stage.nothing
  local events, locks, semaphores = stage.events, stage.locks, stage.semaphores

  function play.set(task, op)
    local event = pick(events, op.n)
    sync()
    say(task, "sets event %d", event.number)
    event.is_set = true
    while #event.queue > 0 do
      local place = event.queue[1]
      model.complete(place.wait, place.index and {n = 1, place.index} or NOTHING)
    end
    event.handle:set()
  end

  function play.clear(_, op)
    local event = pick(events, op.n)
    event.is_set = false
    event.handle:clear()
  end

  function play.wait(task, op)
    local event = pick(events, op.n)
    leaf(task, "wait for event " .. event.number, false, function()
      if event.is_set then return NOTHING end
      local wait = {kind = "event"}
      function wait.enter() model.join(wait, event.queue) end
      return nil, wait
    end, function() return event.is_set end, event.handle.wait, event.handle)
  end

  -- The model's side of an acquisition: results, wait, error.
  local function decide_acquire(task, permits)
    return function()
      if permits.is_lock and permits.owner == task then
        return nil, nil, "is already held by this task"
      end
      if permits.free > 0 then
        model.take(permits, task)
        return false
      end
      local wait = {kind = permits.name}
      function wait.enter() model.join(wait, permits.queue) end
      return nil, wait
    end
  end

  local function is_free(task, permits)
    return function()
      return permits.free > 0 and not (permits.is_lock and permits.owner == task)
    end
  end

  -- Releases as the guard of an acquisition does: if that still stands.
  local function close_guard(task, permits, number)
    sync()
    if permits.is_lock and (permits.owner ~= task or permits.taken ~= number) then return end
    say(task, "releases %s", permits.name)
    model.release(permits)
  end

  local function with(task, op, X, permits)
    local want = entry(task, "with " .. permits.name, false)
    local cannot = permits.free <= 0 and task.stuck or permits.is_lock and permits.owner == task
    if model.ended then
      return permits.handle:with(function() exec(task, op.body, X) end)
    elseif want or cannot then
      return leaf(task, "with " .. permits.name, false, decide_acquire(task, permits), nil,
        permits.handle.with, permits.handle, nothing)
    end
    say(task, "with %s", permits.name)
    want = {what = "with"}
    local is_there = is_free(task, permits)
    if is_there() and model.has_gone_on(task) then
      pause(task, want, is_there, decide_acquire(task, permits))
    else
      local _, wait = decide_acquire(task, permits)()
      if wait then
        wait.enter()
        want.wait = model.begin_wait(task, wait)
      end
    end
    local ran, got
    local stuck = task.stuck
    local _ <close> = watch(function(err)
      task.stuck = stuck
      if err == nil then return end
      if not ran then
        after_error(task, want, err)
      elseif not same_error(err, got) then
        fail("%s: with() raised %s instead of %s", name(task), host.show(err), host.show(got))
      end
    end)
    local results = pack(permits.handle:with(function(...)
      ran = true
      settle(task, want)
      if want.cause or want.error then fail("%s: with() did not raise", name(task)) end
      local wait = want.wait
      if wait then
        resumed(task)
        if wait.given_up or not wait.done then fail("%s: with() has not waited", name(task)) end
      end
      local number = permits.taken
      local _ <close> = watch(function(err)
        got = err
        close_guard(task, permits, number)
      end)
      exec(task, op.body, X)
      return ...
    end, task.id, nil, op.n))
    check_values(task, "with", {n = 3, task.id, nil, op.n}, results)
  end

  function play.guard(task, op, X)
    local permits = pick(op.permits == "lock" and locks or semaphores, op.n)
    if op.with then return with(task, op, X, permits) end
    local number
    local _ <close> = watch(function()
      if number then close_guard(task, permits, number) end
    end)
    local taken_before = permits.taken
    local guard <close> = leaf(task, "acquire " .. permits.name, false,
      decide_acquire(task, permits), is_free(task, permits), permits.handle.acquire,
      permits.handle)
    if permits.taken == taken_before then fail("%s: acquired too early", name(task)) end
    number = permits.taken
    exec(task, op.body, X)
  end

  function play.acquire(task, op)
    local lock = pick(locks, op.n)
    leaf(task, "acquire to keep " .. lock.name, false, decide_acquire(task, lock),
      is_free(task, lock), lock.handle.acquire, lock.handle)
  end

  function play.release(task, op)
    local lock = pick(locks, op.n)
    sync()
    local can = lock.owner == task
    say(task, "releases %s by hand: %s", lock.name, can)
    if can then model.release(lock) end
    local ok, message = pcall(lock.handle.release, lock.handle)
    if ok ~= can then fail("%s: release gave %s", name(task), tostring(message)) end
  end
end
