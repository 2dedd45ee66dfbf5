-- SPDX-License-Identifier: MIT
--
-- play.lua -- carries out a program's operations, each beside the model.
--
-- An operation of a task first asks the model what has to come of it, then calls
-- the real function, and compares: values, errors, and whether it has waited.
-- Where an error passes through, a to-be-closed variable sees it.

return function(host, model, program)
  local play = {}
  local fail, name = model.fail, model.name
  local sync, resumed, in_force = model.sync, model.resumed, model.in_force
  local pack, unpack = table.pack, table.unpack
  local MOST_DELIVERIES = 100 -- of cancellations to a task, before it is closed
  local budget = 2000         -- operations of a program
  local made
  local channels, locks, semaphores, events, locals = {}, {}, {}, {}, {}
  local scopes, pokes, parks = {}, {}, {}
  local values, errors = 0, 0
  local cancelled_themselves = setmetatable({}, {__mode = "k"}) -- task -> true

  local function pick(list, n)
    return list[(n - 1) % #list + 1]
  end

  local function say(task, format, ...)
    if host.verbose then
      host.say(("%s %s"):format(task and name(task) or "runner", format:format(...)))
    end
  end

  -- A to-be-closed value that calls fn(err), once.
  local watch_meta = {}
  function watch_meta.__close(watch, err)
    if watch.closed then fail("a to-be-closed variable was closed twice") end
    watch.closed = true
    model.left = model.left + 1
    local skips = not watch.always and (model.ended or model.dooming and not watch.of_body)
    if not skips then watch[1](err) end
  end
  local function watch(fn)
    model.entered = model.entered + 1
    return setmetatable({fn}, watch_meta)
  end

  local test_meta = {__tostring = function(err) return "test error " .. err.number end}
  local function new_error()
    errors = errors + 1
    return setmetatable({kind = "test", number = errors}, test_meta)
  end

  -- A string gets a position in front where it passes through coroutine.wrap.
  local function same_error(got, want)
    if rawequal(got, want) then return true end
    if type(got) ~= "string" or type(want) ~= "string" then return false end
    return got:sub(-#want) == want
  end

  local function check_values(task, what, want, got)
    local same = want.n == got.n
    for i = 1, want.n do same = same and rawequal(want[i], got[i]) end
    if same then return end
    local words = {{}, {}}
    for i, list in ipairs{want, got} do
      for j = 1, list.n do words[i][j] = host.show(list[j]) end
    end
    fail("%s: %s gave (%s), expected (%s)", name(task), what, table.concat(words[2], ", "),
      table.concat(words[1], ", "))
  end

  -- Where an operation stands: co, the innermost coroutine; unwind_stuck, whether
  -- clean-up that an error causes cannot wait; in a callback of a C function; below
  -- an xpcall with a handler; scope, the innermost.  This is X with changes.
  local function inside(X, changes)
    return {
      co = X.co, scope = X.scope, callback = changes.callback or X.callback,
      handler = changes.handler or X.handler,
      unwind_stuck = changes.unwind_stuck,
    }
  end

  -- ------------------------------------------------------------ single steps

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

  -- -------------------------------------------------------------------- time

  local function slept(wait)
    return {n = 1, math.max(model.now - wait.since, wait.delay)}
  end

  local sleeper_meta = {}
  function sleeper_meta.__await(object)
    local seconds = coroutine.yield{action = "sleep", delay = object.delay}
    return seconds
  end

  local sleepers = {
    sleep = sleep,
    await = function(delay) return await{action = "sleep", delay = delay} end,
    yield = function(delay) return coroutine.yield{action = "sleep", delay = delay} end,
    object = function(delay) return await(setmetatable({delay = delay}, sleeper_meta)) end,
  }

  local function next_deadline()
    local first
    for region in pairs(model.deadlines) do
      if not region.met and region.at < math.huge and region.at > host.clock() then
        first = math.min(first or region.at, region.at)
      end
    end
    return first
  end

  function play.sleep(task, op, X)
    local delay, how = op.delay, op.how
    local to = op.to_deadline and next_deadline()
    if to then delay = to - host.clock() end
    if how == "yield" and X.co then how = "sleep" end
    leaf(task, ("%s %s"):format(how, delay), true, function()
      local since = delay > 0 and host.clock() or model.now
      local wait = {kind = "sleep", since = since, delay = delay, finish = slept}
      if delay <= 0 then
        wait.at_once = true
      elseif delay == math.huge then
        wait.endless = true
      else
        wait.at = since + delay
      end
      return nil, wait
    end, nil, sleepers[how], delay)
  end

  local function finish_turn() return NOTHING end

  function play.checkpoint(task)
    leaf(task, "checkpoint", true, function()
      return nil, {kind = "checkpoint", at_once = true, finish = finish_turn}
    end, nil, async.checkpoint)
  end

  function play.yield(task, _, X)
    local co = X.co
    if not co then
      return leaf(task, "turn", true, function()
        return nil, {kind = "turn", at_once = true, finish = finish_turn}
      end, nil, coroutine.yield)
    end
    -- Lua 5.4.4 cannot close well what was suspended inside xpcall: see robust.md.
    if task.stuck or X.callback or X.handler or co.closing then return end
    if task.region and task.region.co == co then
      local _ <close> = watch(function(err)
        if type(err) ~= "string" or not err:find("cannot yield out of async", 1, true) then
          fail("%s: a yield that leaves a region open: %s", name(task), host.show(err))
        end
      end)
      coroutine.yield(1)
      return fail("%s: a yield has left a region open", name(task))
    end
    values = values + 1
    co.given = values
    say(task, "yields %d to its consumer", values)
    coroutine.yield(values)
  end

  function play.work(task, op)
    say(task, "works %s s", op.seconds)
    host.work(op.seconds)
  end

  function play.interrupt() host.interrupt() end
  function play.collect() collectgarbage("step", 100) end

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

  -- ------------------------------------------------------------------- tasks

  local exec

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

  local function results_of(task, procedure)
    if procedure.results == 0 then return NOTHING end
    if procedure.results == 1 then return {n = 1, "result of " .. task.id} end
    return {n = procedure.results, task.id, nil, "result"}
  end

  -- To be closed last in a task: when the task has ended, and with which error.
  local function noted_end(record)
    return setmetatable({}, {__close = function(_, err)
      model.ends = model.ends + 1
      record.ended_as, record.raised = model.ends, err
    end})
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
    if #model.tasks >= made.most_tasks then return end
    sync()
    local task = model.new_task(scope, daemon)
    task.procedure = type(procedure) == "table" and procedure or pick(made.procedures, procedure)
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
    values = values + 1
    local reason = "reason " .. values
    local took = model.cancel_task(other, reason)
    say(task, "cancels %s: %s", name(other), took)
    if other.handle:cancel(reason) ~= took then
      fail("%s: cancel() of %s did not give %s", name(task), name(other), tostring(took))
    end
  end

  -- ---------------------------------------------------------------- channels

  local function push_out(channel, results_of_first)
    local place = channel.receivers[1]
    model.complete(place.wait, results_of_first(place))
  end

  local function received(place, value)
    if place.index then return {n = 2, place.index, value} end
    return {n = 1, value}
  end

  local function is_ready(channel)
    return channel.closed or #channel.buffer > 0 or #channel.senders > 0
  end

  -- What the channel has to give now; false when nothing.
  local function take(channel)
    if #channel.buffer == 0 and #channel.senders == 0 then
      return channel.closed, nil
    end
    local sender = channel.senders[1]
    if sender then
      table.insert(channel.buffer, sender.value)
      model.complete(sender.wait, NOTHING)
    end
    return true, table.remove(channel.buffer, 1)
  end

  function play.send(task, op)
    local channel = pick(channels, op.n)
    values = values + 1
    local value = op.value and values
    leaf(task, ("send %s to channel %d"):format(value, channel.number), false, function()
      if channel.closed then return nil, nil, "is closed" end
      if #channel.receivers > 0 then
        push_out(channel, function(place) return received(place, value) end)
        return NOTHING
      end
      if #channel.buffer < channel.capacity then
        table.insert(channel.buffer, value)
        return NOTHING
      end
      local wait = {kind = "send"}
      function wait.enter() model.join(wait, channel.senders, nil, value) end
      return nil, wait
    end, function()
      return not channel.closed and (#channel.receivers > 0 or #channel.buffer < channel.capacity)
    end, channel.handle.send, channel.handle, value)
    channel.sent = channel.sent + 1
  end

  function play.recv(task, op)
    local channel = pick(channels, op.n)
    local fn, state = channel.handle.recv, channel.handle
    if op.iter then fn, state = channel.handle:iter() end
    local value = leaf(task, "recv from channel " .. channel.number, false, function()
      local is_there, value = take(channel)
      if is_there then return {n = 1, value} end
      local wait = {kind = "recv"}
      function wait.enter() model.join(wait, channel.receivers) end
      return nil, wait
    end, function() return is_ready(channel) end, fn, state)
    if value ~= nil then channel.got = channel.got + 1 end
  end

  function play.close(task, op)
    local channel = pick(channels, op.n)
    sync()
    say(task, "closes channel %d", channel.number)
    channel.closed = true
    while #channel.receivers > 0 do
      push_out(channel, function(place) return received(place, nil) end)
    end
    while #channel.senders > 0 do
      local wait = channel.senders[1].wait
      wait.error = "is closed"
      model.complete(wait)
    end
    channel.handle:close()
  end

  function play.select(task, op)
    local list, things, words = {timeout = op.timeout}, {}, {}
    for _, item in ipairs(op.items) do
      local kind, thing = item[1]
      if kind == "channel" then
        thing = pick(channels, item[2])
      elseif kind == "event" then
        thing = pick(events, item[2])
      else
        thing = pick(model.tasks, item[2])
      end
      if thing ~= task then
        things[#things + 1] = {kind, thing}
        list[#list + 1] = thing.handle
        words[#words + 1] = kind .. " " .. (thing.number or 0)
      end
    end
    if #list == 0 and (op.timeout or math.huge) == math.huge then return end
    local what = ("select {%s; %s}"):format(table.concat(words, ", "), tostring(op.timeout))
    local index, value = leaf(task, what, false, function()
      for i, thing in ipairs(things) do
        local kind, object = thing[1], thing[2]
        if kind == "channel" then
          local is_there, received_value = take(object)
          if is_there then return {n = 2, i, received_value} end
        elseif kind == "event" and object.is_set then
          return {n = 1, i}
        elseif kind == "task" and object.ended then
          local outcome = model.outcome(object, true)
          return {n = outcome.n + 1, i, unpack(outcome, 1, outcome.n)}
        end
      end
      if op.timeout and op.timeout <= 0 then return {n = 2, nil, "timeout"} end
      local wait = {kind = "select", things = things}
      if op.timeout and op.timeout < math.huge then wait.at = host.clock() + op.timeout end
      function wait.enter()
        for i, thing in ipairs(things) do
          local object = thing[2]
          model.join(wait, object.receivers or object.awaiters or object.queue, i)
        end
      end
      return nil, wait
    end, function()
      for _, thing in ipairs(things) do
        local kind, object = thing[1], thing[2]
        if kind == "channel" and is_ready(object) then return true end
        if kind == "event" and object.is_set or kind == "task" and object.ended then return true end
      end
      return op.timeout and op.timeout <= 0
    end, async.select, list)
    local thing = index and things[index]
    if thing and thing[1] == "channel" and value ~= nil then thing[2].got = thing[2].got + 1 end
  end

  -- -------------------------------------------------- events, locks, locals

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

  function play.local_set(task, op)
    local number = (op.n - 1) % #locals + 1
    check_locals(task)
    values = values + 1
    task.locals[number] = values
    locals[number]:set(values)
  end

  -- ----------------------------------------------------------------- actions

  function play.poke(task, op)
    local poke = {number = #pokes + 1, gave_up = 0, now = op.now}
    leaf(task, "action poke " .. poke.number, true, function()
      pokes[poke.number] = poke
      local now = {n = 2, "now", poke.number}
      -- Complete already: what it has brought is given, whatever comes meanwhile.
      if op.now and model.has_gone_on(task) then
        return nil, {kind = "turn", at_once = true, finish = function() return now end}
      elseif op.now then
        return now
      end
      poke.wait = {kind = "poke", poke = poke}
      return nil, poke.wait
    end, nil, await, {action = "poke", poke = poke})
    if poke.gave_up ~= 0 then fail("%s: cancel() of a woken action was called", name(task)) end
  end

  function play.wake(task, op)
    if #pokes == 0 then return end
    local poke = pick(pokes, #pokes - op.n % 3)
    sync()
    local wait = poke.wait
    local can = wait ~= nil and not wait.done and not wait.given_up
    values = values + 1
    local err = op.fail and new_error()
    say(task, "wakes poke %d: %s", poke.number, can)
    if can then
      if err then wait.error = err end
      model.complete(wait, {n = 2, values, nil})
    end
    local took
    if err then took = poke.fail(err) else took = poke.wake(values, nil) end
    if took ~= can then fail("%s: wake gave %s", name(task), tostring(took)) end
  end

  -- A wait of the host's own, by ticket.
  function play.park(task)
    local number = #parks + 1
    leaf(task, "park " .. number, true, function()
      parks[number] = {kind = "park", finish = finish_turn}
      return nil, parks[number]
    end, nil, host.park, number)
  end

  -- Any ticket, also a stale one.
  function play.unpark(task, op)
    if #parks == 0 then return end
    local number = #parks - op.n % math.min(#parks, 4)
    local wait = parks[number]
    sync()
    local can = not wait.done and not wait.given_up
    say(task, "unparks %d: %s", number, can)
    if can then model.complete(wait) end
    if host.unpark(number) ~= can then
      fail("%s: unpark of %d did not give %s", name(task), number, tostring(can))
    end
  end

  -- ----------------------------------------------------------------- regions

  -- Runs fn(body), where fn opens a region, as async.scope does.  on_end(err) is
  -- called when the body has ended, check(err, results) when fn has.
  local function in_region(task, op, X, region, fn, on_end, check)
    local returned
    local stuck, steps = task.stuck, host.steps(task.handle)
    local _ <close> = watch(function(err)
      task.stuck = stuck
      if not returned then check(err) end
    end)
    local inner = inside(X, {unwind_stuck = stuck})
    if region.kind == "scope" then inner.scope = region end
    local results = pack(fn(function(object)
      task.region, region.handle = region, object
      if region.at then model.deadlines[region] = true end
      local _ <close> = watch(function(err)
        task.stuck = stuck
        region.at_once = err == nil and host.steps(task.handle) == steps
        on_end(err)
      end)
      if region.kind == "scope" then
        scopes[#scopes + 1] = region
        for i = 1, op.children do
          start(task, op.n + i, false, region, function(...) return object:spawn(...) end)
        end
      end
      exec(task, op.body, inner)
      return task.id, nil, op.n
    end))
    returned = true
    check(nil, results)
  end

  local function expect(task, what, want_error, want_results, err, results)
    if results and want_error ~= nil then
      fail("%s: %s returned instead of raising %s", name(task), what, host.show(want_error))
    elseif results then
      check_values(task, what, want_results, results)
    elseif want_error == nil then
      fail("%s: %s raised %s", name(task), what, host.show(err))
    elseif not same_error(err, want_error) then
      fail("%s: %s raised %s instead of %s", name(task), what, host.show(err),
        host.show(want_error))
    end
  end

  -- The function of a deadline or shield has returned, perhaps without a wait.
  local function pause_at_end(task, region)
    if not region.at_once or model.ended then return end
    sync()
    if not model.has_gone_on(task) then return end
    region.wait = model.begin_wait(task, {kind = "turn", at_once = true})
  end

  function play.shield(task, op, X)
    say(task, "shield")
    local region = model.new_region(task, "shield", X.co)
    local got
    in_region(task, op, X, region, async.shield, function(err)
      got = err
      task.region = region.outer
      say(task, "end of shield")
      pause_at_end(task, region)
    end, function(err, results)
      if region.wait then resumed(task) end
      expect(task, "shield", got, {n = 3, task.id, nil, op.n}, err, results)
    end)
  end

  local function is_taken(at)
    for region in pairs(model.deadlines) do
      if region.at == at then return true end
    end
    return false
  end

  function play.timeout(task, op, X)
    local fn = op.moves_on and async.move_on_after or async.with_timeout
    local what = ("timeout of %s s"):format(op.seconds)
    local want = entry(task, what, true)
    if want then return leaf(task, what, true, nil, nil, fn, op.seconds, nothing) end
    -- The contract does not say which of two deadlines at one time comes first.
    local seconds = op.seconds
    while seconds < math.huge and is_taken(host.clock() + math.max(seconds, 0)) do
      seconds = math.max(seconds, 0) + 2 ^ -20
    end
    say(task, "%s, at %s", what, host.clock() + math.max(seconds, 0))
    local region = model.new_region(task, "deadline", X.co)
    region.at = host.clock() + math.max(seconds, 0)
    local got, own
    in_region(task, op, X, region, function(call) return fn(seconds, call) end, function(err)
      got = err
      own = err ~= nil and region.cause ~= nil and region.cause.object == err
      if own and not model.is_in_force(task, err) then fail("%s: in no force", name(task)) end
      task.region = region.outer
      model.deadlines[region] = nil
      say(task, "end of %s%s", what, own and ", its own" or "")
      pause_at_end(task, region)
    end, function(err, results)
      if region.wait then resumed(task) end
      if not own then
        return expect(task, what, got, {n = 3, task.id, nil, op.n}, err, results)
      elseif op.moves_on then
        return expect(task, what, nil, {n = 2, nil, "timeout"}, err, results)
      end
      if results or type(err) ~= "table" or err.kind ~= "timeout" or err.seconds ~= seconds then
        fail("%s: %s gave %s", name(task), what, host.show(err))
      end
    end)
  end

  local function contains(list, value)
    for _, item in ipairs(list) do
      if rawequal(item, value) then return true end
    end
    return false
  end

  -- What a scope has to raise because of errors, or nil; is_own: is it only its
  -- function's?
  local function check_errors(task, scope, err, results)
    local all = {unpack(scope.failures)}
    local raised = scope.outcome == "raised" and not contains(all, scope.error)
    if raised then table.insert(all, scope.before + 1, scope.error) end
    if #all == 0 then return false end
    if #all == 1 then
      expect(task, "scope", all[1], nil, err, results)
      return true
    end
    local same = not results and type(err) == "table" and err.kind == "errors" and err.n == #all
    for i = 1, #all do same = same and same_error(err[i], all[i]) end
    if not same then fail("%s: scope gave %s for %d errors", name(task), host.show(err), #all) end
    return true
  end

  local function end_scope(task, op, scope, err, results)
    local wait = scope.wait
    local hit = false
    if wait then
      resumed(task)
      if not wait.done or #scope.children > 0 then
        fail("%s: a scope ended before its children", name(task))
      end
      hit = wait.hit
    end
    task.region, scope.ended = scope.outer, true
    say(task, "end of scope: %s", results and "returned" or host.show(err))
    if check_errors(task, scope, err, results) then return end
    if scope.outcome == "unwound" and not scope.own then
      return expect(task, "scope", scope.error, nil, err, results)
    end
    local cause = hit and in_force(task)
    if cause then
      if results then return fail("%s: scope forgot a cancellation", name(task)) end
      task.deliveries = (task.deliveries or 0) + 1
      return model.meet(task, cause, err)
    end
    if scope.asked then
      return expect(task, "scope", nil, {n = 2, nil, "cancelled"}, err, results)
    end
    expect(task, "scope", nil, {n = 3, task.id, nil, op.n}, err, results)
  end

  local function end_scope_body(task, scope, err)
    sync()
    scope.error = err
    if err == nil then
      scope.outcome = "returned"
    elseif model.is_in_force(task, err) then
      scope.outcome = "unwound"
      scope.own = scope.cause ~= nil and scope.cause.object == err
    else
      scope.outcome, scope.before = "raised", #scope.failures
      model.cancel_region(scope, "a task of its scope failed")
    end
    say(task, "body of scope %s, %d children", scope.outcome, #scope.children)
    local empty = #scope.children == 0
    if empty and (not scope.at_once or #scope.failures > 0 or not model.has_gone_on(task)) then
      return
    end
    scope.wait = {kind = "scope", firm = true, scope = scope, hit = in_force(task) ~= nil,
      at_once = empty}
    model.begin_wait(task, scope.wait)
  end

  function play.scope(task, op, X)
    local want = entry(task, "scope", true)
    if want then return leaf(task, "scope", true, nil, nil, async.scope, nothing) end
    say(task, "scope")
    local scope = model.new_region(task, "scope", X.co)
    in_region(task, op, X, scope, async.scope, function(err)
      end_scope_body(task, scope, err)
    end, function(err, results) end_scope(task, op, scope, err, results) end)
  end

  -- One of the scopes, mostly one that is open; there those whose children have
  -- all ended, and that are about to, come first.
  local function pick_scope(n)
    sync()
    local open = {}
    for _, scope in ipairs(scopes) do
      if not scope.ended then open[#open + 1] = scope end
      if scope.wait and scope.wait.done and not scope.ended then return scope end
    end
    return pick(#open > 0 and n % 8 > 0 and open or scopes, n)
  end

  -- Any task may use the scope of any other.
  function play.scope_spawn(task, op)
    if #scopes == 0 or #model.tasks >= made.most_tasks then return end
    local scope = pick_scope(op.n)
    if not scope.ended then
      start(task, op.m, false, scope, function(...) return scope.handle:spawn(...) end)
      return
    end
    local ok, message = pcall(scope.handle.spawn, scope.handle, nothing)
    if ok or not tostring(message):find("the scope has ended", 1, true) then
      fail("%s: spawn in an ended scope gave %s", name(task), tostring(message))
    end
  end

  function play.scope_cancel(task, op, X)
    local scope = op.own and X.scope or #scopes > 0 and pick_scope(op.n)
    if not scope then return end
    values = values + 1
    local reason = "scope " .. values
    local took = model.cancel_region(scope, reason)
    if took then scope.asked = true end
    say(task, "cancels a scope of %s: %s", name(scope.task), took)
    if scope.handle:cancel(reason) ~= took then
      fail("%s: cancel() of a scope of %s did not give %s", name(task), name(scope.task),
        tostring(took))
    end
  end

  -- ---------------------------------------------------- protected calls, loops

  function play.pcall(task, op, X)
    local stuck = task.stuck
    local got, returned
    local _ <close> = watch(function(err)
      task.stuck = stuck
      if returned or X.co and X.co.closing then return end -- nothing is caught then
      if not (same_error(err, got) and model.is_in_force(task, err)) then
        fail("%s: pcall let %s pass", name(task), host.show(err))
      end
    end)
    local inner = inside(X, {unwind_stuck = stuck, handler = X.handler or op.handler})
    local function run(...)
      local _ <close> = watch(function(err)
        got = err
        task.stuck = stuck
      end)
      exec(task, op.body, inner)
      return ...
    end
    local function handler(err)
      if not model.ended and model.is_in_force(task, err) then
        fail("%s: the handler of xpcall was called for a cancellation", name(task))
      end
      return err
    end
    local results
    if op.handler then
      results = pack(xpcall(run, handler, task.id, nil, op.times))
    else
      results = pack(pcall(run, task.id, nil, op.times))
    end
    returned = true
    if results[1] then
      return check_values(task, "pcall", {n = 4, true, task.id, nil, op.times}, results)
    end
    say(task, "pcall caught %s", host.show(results[2]))
    if not same_error(results[2], got) then
      fail("%s: pcall gave %s instead of %s", name(task), host.show(results[2]), host.show(got))
    end
    if model.is_in_force(task, results[2]) then
      fail("%s: pcall caught a cancellation in force", name(task))
    end
  end

  function play.loop(task, op, X)
    for _ = 1, op.times do exec(task, op.body, X) end
  end

  -- In a callback of a C function nothing can wait.
  function play.callback(task, op, X)
    local stuck = task.stuck
    local _ <close> = watch(function() task.stuck = stuck end)
    local inner = inside(X, {unwind_stuck = X.unwind_stuck, callback = true})
    string.gsub("x", "x", function()
      task.stuck = true
      exec(task, op.body, inner)
    end)
  end

  -- Clean-up that an error has caused can wait where a protected call catches it,
  -- and not in a coroutine that is closed.
  local function clean_up(task, op, X, stuck, err)
    local closing = X.co ~= nil and X.co.closing
    if err ~= nil then stuck = X.unwind_stuck end
    local before = task.stuck
    task.stuck = closing or stuck
    say(task, "cleans up after %s%s", host.show(err), task.stuck and ", and cannot wait" or "")
    -- What async.defer calls is protected: an error in it unwinds that first.
    local unwind_stuck = X.unwind_stuck or closing
    if op.library then unwind_stuck = task.stuck end
    exec(task, op.cleanup, inside(X, {unwind_stuck = unwind_stuck}))
    task.stuck = before
  end

  function play.defer(task, op, X)
    local stuck = task.stuck
    model.entered = model.entered + 1
    local was
    local function close(err)
      if was then fail("clean-up ran twice") end
      was = true
      model.left = model.left + 1
      if model.closing then
        local ok = pcall(async.shield, sleep, 1)
        if ok then model.violate("clean-up has waited at the end") end
        return
      end
      clean_up(task, op, X, stuck, err)
    end
    local _ <close> = op.library and async.defer(close)
      or setmetatable({}, {__close = function(_, err) close(err) end})
    exec(task, op.body, X)
  end

  -- -------------------------------------------------------- nested coroutines

  local FINISHED = "finished"

  -- Runs the body as a generator and consumes what it yields.
  function play.coroutine(task, op, X)
    local session = {}
    local stuck = task.stuck
    local got, passing, co, ended
    local inner = {unwind_stuck = true, co = session, scope = X.scope}
    local function generate()
      local _ <close> = watch(function(err) got, ended = err, true end)
      exec(task, op.body, inner)
      return FINISHED
    end
    say(task, "coroutine")
    local _ <close> = watch(function(err)
      task.stuck = stuck
      if passing and not same_error(err, got) then
        fail("%s: a coroutine raised %s instead of %s", name(task), host.show(err), host.show(got))
      end
    end)
    if op.wrap then
      passing = true
      local step = coroutine.wrap(generate)
      repeat
        local value = step()
        if value ~= FINISHED and value ~= session.given then
          fail("%s: a generator gave %s", name(task), host.show(value))
        end
      until value == FINISHED or model.failure
      passing = false
      return
    end
    co = coroutine.create(generate)
    -- What is left of it is closed, whatever happens here.
    local rest <close> = watch(function()
      if coroutine.status(co) == "dead" then return end
      session.closing, task.stuck = true, true
      local ok, err = coroutine.close(co)
      task.stuck = stuck
      if ok ~= (got == nil) then fail("%s: close gave %s", name(task), host.show(err)) end
    end)
    rest.always = true
    local ok, value
    for _ = 1, op.most do
      passing = true -- a cancellation in force is not caught
      ok, value = coroutine.resume(co)
      passing = false
      task.stuck = stuck
      if not ok or value == FINISHED then break end
      if value ~= session.given then
        fail("%s: a generator gave %s", name(task), host.show(value))
      end
    end
    if ok then return end
    if model.is_in_force(task, value) then
      fail("%s: coroutine.resume caught a cancellation", name(task))
    end
    local err = value
    if not ended then -- else a cancellation has closed it, which its clean-up replaced
      session.closing, passing = true, true -- its clean-up may meet a cancellation
      ok, err = coroutine.close(co)
      passing = false
      task.stuck = stuck
    end
    if ok or not ended or not same_error(err, got) then
      fail("%s: close of a dead coroutine gave %s", name(task), host.show(err))
    end
    say(task, "the coroutine died of %s", host.show(err))
    if op.raises then error(err, 0) end
  end

  -- ------------------------------------------------------------- combinators

  local MOST_NESTED = 2 -- procedures in a combinator in a procedure in a combinator

  -- A function as a task of a combinator.
  local function work(by, n, result)
    local nested = (by.nested or 0) + 1
    return function()
      local task = {id = by.id, locals = {}, locks = {}, handle = async.current(), nested = nested}
      model.others[#model.others + 1] = task
      if nested <= MOST_NESTED then exec(task, pick(made.procedures, n).body, {}) end
      return result
    end
  end

  function play.combine(task, op)
    local list = {}
    for i, item in ipairs(op.items) do
      local other = pick(model.tasks, item[2]).handle
      local can = item[1] == "task" and other ~= async.current()
      list[i] = can and other or work(task, item[2], i)
    end
    local ok, results = pcall(async[op.how], list)
    say(task, "%s: %s", op.how, host.show(results))
    if ok and op.how == "all" then
      for i, item in ipairs(list) do
        if type(item) == "function" and results[i] ~= i and not model.closing then
          model.violate("all gave %s for function %d", host.show(results[i]), i)
        end
      end
    end
    -- Losers have unwound when the call returns.
    if model.closing then return end
    if type(results) == "string" and results:find("cannot wait", 1, true) then return end
    for _, item in ipairs(list) do
      local state = type(item) == "userdata" and (op.how ~= "all" or not ok) and item:status()
      if state == "runnable" or state == "waiting" then
        model.violate("a task that %s was given has not unwound", op.how)
      end
    end
  end

  function play.map(task, op)
    local list, running = {}, 0
    for i = 1, op.count do list[i] = i end
    local results = async.map(list, function(item, index)
      if item ~= index then model.violate("map gave %d for item %d", item, index) end
      running = running + 1
      local _ <close> = async.defer(function() running = running - 1 end)
      if running > op.limit then model.violate("map runs %d at once", running) end
      return work(task, op.n + index, -index)()
    end, {limit = op.limit})
    for i = 1, op.count do
      if results[i] ~= -i and not model.closing then
        model.violate("map gave %s", host.show(results[i]))
      end
    end
    if running > 0 and not model.closing then model.violate("map left %d running", running) end
  end

  function play.retry(task, op)
    local tries = 0
    local result = async.retry(op.times, function(try)
      tries = tries + 1
      if try ~= tries then model.violate("retry counts %d", try) end
      return work(task, op.n + try, try)()
    end, {delay = op.delay})
    if result ~= tries or tries > op.times then
      model.violate("retry gave %s after %d tries", host.show(result), tries)
    end
  end

  function play.every(task, op)
    local calls = 0
    async.every(op.seconds, function()
      calls = calls + 1
      work(task, op.n + calls, nil)()
      return calls < op.times
    end)
    if calls ~= op.times then model.violate("every made %d calls", calls) end
  end

  -- ------------------------------------------- combinators that tell of each end

  local LONG = 1000 -- seconds: who sleeps so long is cancelled, or it is the last one

  -- What the functions of a list do; each is given the run it belongs to.
  local item_kinds = {}

  item_kinds["function"] = function(_, task, n, i) return work(task, n, i) end

  function item_kinds.failing(_, _, n)
    return function()
      if n % 4 > 0 then sleep(n % 4 * 0.25) end
      error(new_error(), 0)
    end
  end

  function item_kinds.quick(_, _, n, i)
    return function()
      sleep(n % 4 * 0.25)
      return i
    end
  end

  function item_kinds.sleeper(run, _, _, i)
    return function()
      sleep(LONG)
      if run.left and not model.closing then
        model.violate("%s left a task that was not cancelled", run.what)
      end
      return i
    end
  end

  -- Calls fn as a task's function; how it began and ended goes to the record.
  local function recorded(run, record, fn)
    return function()
      local _ <close> = noted_end(record)
      if record.handle then model.violate("%s began a function twice", run.what) end
      if run.over then model.violate("%s began a function when it was over", run.what) end
      record.handle = async.current()
      record.results = pack(fn())
      return unpack(record.results, 1, record.results.n)
    end
  end

  -- A call under way: its list, and a record of what becomes of each item.
  local function new_run(task, op, takes_tasks)
    local run = {what = op[1], list = {}, records = {}, count = 0, told = {}, last = 0,
      left = op.seconds ~= nil}
    for i, item in ipairs(op.items) do
      local kind, other = item[1], pick(model.tasks, item[2])
      if kind == "task" and takes_tasks and other.handle ~= async.current() then
        run.list[i], run.records[i] = other.handle, other
      else
        local make = item_kinds[kind] or item_kinds["function"]
        run.records[i] = {is_own = true}
        run.list[i] = recorded(run, run.records[i], make(run, task, item[2], i))
      end
    end
    return run
  end

  -- All have ended when the call is over.
  local function check_over(run)
    for i, record in ipairs(run.records) do
      local state = record.handle and record.handle:status()
      if state == "runnable" or state == "waiting" then
        model.violate("item %d has not unwound at the end of %s", i, run.what)
      end
    end
    run.over = true
  end

  -- What is said of the end of item i is what became of it.  Nothing but itself and
  -- the end of all cancels a function as long as the call is not left.
  local function check_told(run, i, ok, value)
    if model.closing then return end
    model.ends_told = model.ends_told + 1
    local record = run.records[i]
    if ok ~= (record.results ~= nil and record.raised == nil) then
      return model.violate("%s said %s of item %d", run.what, tostring(ok), i)
    end
    local expected = record.raised
    if ok then expected = record.results[1] end
    if (ok or expected ~= nil) and not rawequal(value, expected) then
      model.violate("%s gave %s, not %s, for item %d", run.what, host.show(value),
        host.show(expected), i)
    end
    if ok or not record.is_own or model.cancelling then return end
    local handle = record.handle
    if not handle then return model.violate("%s did not begin item %d", run.what, i) end
    if handle:status() == "cancelled" and not cancelled_themselves[handle] then
      model.violate("%s cancelled item %d", run.what, i)
    end
  end

  -- The next end that a loop is given.
  local function check_next(run, i, ok, value)
    say(nil, "as_completed: %d %s %s", i, tostring(ok), host.show(value))
    if run.told[i] then model.violate("as_completed gave item %d twice", i) end
    run.told[i], run.count = true, run.count + 1
    check_told(run, i, ok, value)
    local ended_as = run.records[i].ended_as
    if not ended_as then return end -- it has never begun
    if ended_as < run.last then model.violate("as_completed gave item %d too late", i) end
    run.last = ended_as
  end

  local function allows(op, err)
    return type(err) == "table" and err.kind == "timeout" and err.seconds == op.seconds
  end

  -- Then nothing has begun, as when a cancellation is in force already.
  local function could_not_wait(err)
    return type(err) == "string" and err:find("cannot wait", 1, true) ~= nil
  end

  -- When a cancellation leaves the call all has ended too, where that can be waited for.
  local function checked_when_left(run, X)
    return setmetatable({}, {__close = function(_, err)
      local can_wait = not (X.unwind_stuck or X.callback or X.co and X.co.closing)
      if err ~= nil and run.begins and can_wait and not model.closing then check_over(run) end
    end})
  end

  -- Calls fn, protected and perhaps for so long only.
  local function play_run(run, op, X, fn)
    local since = host.clock()
    local _ <close> = checked_when_left(run, X)
    local function begin()
      run.begins = not host.facts(async.current())
      fn()
    end
    local ok, result, why
    if op.seconds then
      local limit = op.moves_on and async.move_on_after or async.with_timeout
      ok, result, why = pcall(limit, op.seconds, begin)
    else
      ok, result = pcall(begin)
    end
    if model.closing or not ok and could_not_wait(result) then return end
    if run.begins then check_over(run) end
    if ok and op.seconds and why == "timeout" and host.clock() < since + op.seconds then
      model.violate("%s was left too early", run.what)
    end
    if not ok and not rawequal(result, run.raises) and not allows(op, result) then
      model.violate("%s raised %s", run.what, host.show(result))
    end
  end

  -- No function is made in the loop, so that it says that it was left in Lua 5.4.4 too.
  local function go_through(run, op)
    local most, raises = op.most, op.raises
    for i, ok, value in async.as_completed(run.list) do
      check_next(run, i, ok, value)
      if run.count == most then
        run.left = true
        if raises then error(run.raises, 0) end
        break
      end
    end
    if model.closing then return end
    if run.count ~= most and run.count ~= #run.list then
      model.violate("as_completed gave %d ends", run.count)
    end
    check_over(run)
  end

  function play.as_completed(task, op, X)
    local run = new_run(task, op, true)
    run.raises = op.raises and new_error() or nil
    play_run(run, op, X, function() go_through(run, op) end)
  end

  function play.settle(task, op, X)
    local run = new_run(task, op, true)
    play_run(run, op, X, function()
      local results = async.settle(run.list)
      if model.closing then return end
      check_over(run)
      if #results ~= #run.list then model.violate("settle gave %d results", #results) end
      for i, result in ipairs(results) do
        local value = result.error
        if result.ok then value = result.value end
        check_told(run, i, result.ok, value)
      end
    end)
  end

  local function check_map(run, results, errors)
    local failed = 0
    if results.n ~= #run.list then model.violate("map gave %s results", tostring(results.n)) end
    for i = 1, #run.list do
      local err = errors and errors[i]
      if err ~= nil then failed = failed + 1 end
      if err ~= nil and results[i] ~= nil then model.violate("map gave two things for %d", i) end
      check_told(run, i, err == nil, err == nil and results[i] or err)
    end
    if errors and (failed == 0 or next(errors) == nil) then
      model.violate("map gave a table of no errors")
    end
  end

  function play.map_all(task, op, X)
    local run, running = new_run(task, op, false), 0
    play_run(run, op, X, function()
      local results, errors = async.map(run.list, function(fn, index)
        if fn ~= run.list[index] then model.violate("map gave another item for %d", index) end
        running = running + 1
        local _ <close> = async.defer(function() running = running - 1 end)
        if running > op.limit then model.violate("map runs %d at once", running) end
        return fn()
      end, {limit = op.limit, keep_going = true})
      if model.closing then return end
      check_over(run)
      check_map(run, results, errors)
    end)
  end

  function play.stubborn(task, op)
    for _ = 1, op.times do
      pcall(function()
        local _ <close> = async.defer(function()
          if model.dooming ~= task then error("goes on", 0) end
        end)
        play.checkpoint(task)
      end)
    end
  end

  -- ------------------------------------------------------------------ driving

  function exec(task, ops, X)
    for _, op in ipairs(ops) do
      if budget == 0 or model.failure then return end
      budget = budget - 1
      play[op[1]](task, op, X)
    end
  end

  local function new_permits(kind, number, limit, handle)
    return {name = kind .. " " .. number, is_lock = kind == "lock", free = limit, limit = limit,
      taken = 0, queue = {}, handle = handle}
  end

  function model.setup(program_made)
    made = program_made
    model.ended, model.loose = made.loose, made.loose
    for i, capacity in ipairs(made.channels) do
      channels[i] = {number = i, capacity = capacity, handle = async.channel(capacity, "c" .. i),
        buffer = {}, receivers = {}, senders = {}, sent = 0, got = 0}
    end
    for i = 1, made.locks do locks[i] = new_permits("lock", i, 1, async.lock("l" .. i)) end
    for i, limit in ipairs(made.semaphores) do
      semaphores[i] = new_permits("semaphore", i, limit, async.semaphore(limit, "s" .. i))
    end
    for i = 1, made.events do
      events[i] = {number = i, queue = {}, handle = async.event("e" .. i)}
    end
    for i = 1, 2 do locals[i] = async.task_local(0) end
    async.actions.poke = function(request, wake, fail_it)
      local poke = request.poke
      poke.wake, poke.fail = wake, fail_it
      if poke.now then wake("now", poke.number) end
      return function() poke.gave_up = poke.gave_up + 1 end
    end
    for _, n in ipairs(made.starts) do start(nil, n, false, nil, spawn) end
  end

  -- All wait for one another: one more task tries to help.
  function model.rescue()
    local procedure = table.remove(made.rescuers)
    if not procedure then return false end
    made.most_tasks = made.most_tasks + 1
    start(nil, procedure, false, nil, spawn)
    return true
  end

  -- What waits in shields is let go from outside.
  function model.open_up()
    for i in ipairs(events) do play.set(nil, {n = i}) end
    for i in ipairs(channels) do play.close(nil, {n = i}) end
    for i in ipairs(pokes) do play.wake(nil, {n = i}) end
    for i in ipairs(parks) do play.unpark(nil, {n = i}) end
  end

  -- Holds the queues of the objects against the model's.
  function model.check_objects()
    for _, channel in ipairs(channels) do
      local count, receivers, senders = host.channel(channel.handle)
      if count ~= #channel.buffer or receivers ~= #channel.receivers
        or senders ~= #channel.senders then
        fail("channel %d: %d buffered, %d receivers, %d senders; expected %d, %d, %d",
          channel.number, count, receivers, senders, #channel.buffer, #channel.receivers,
          #channel.senders)
      end
    end
    for _, list in ipairs{locks, semaphores, events} do
      for _, object in ipairs(list) do
        local waiting = host.waiting(object.handle)
        if waiting ~= #object.queue then
          fail("%s: %d wait, and should be %d", object.name or "event", waiting, #object.queue)
        end
      end
    end
  end

  -- No task is left.
  function model.check_end()
    if model.entered ~= model.left then
      model.violate("%d to-be-closed variables were entered, %d closed", model.entered, model.left)
    end
    for _, list in ipairs{channels, locks, semaphores, events} do
      for _, object in ipairs(list) do
        local senders = object.senders and select(3, host.channel(object.handle)) or 0
        if host.waiting(object.handle) + senders > 0 then
          model.violate("a task that has ended is in a queue")
        end
      end
    end
    if model.closing then return end -- what was handed over to a closed task is lost
    for _, channel in ipairs(channels) do
      if channel.sent ~= channel.got + #channel.handle then
        model.violate("channel %d: %d sent, %d received, %d buffered", channel.number, channel.sent,
          channel.got, #channel.handle)
      end
    end
    for _, list in ipairs{locks, semaphores} do
      for _, permits in ipairs(list) do
        if permits.free ~= permits.limit then fail("%s is still held", permits.name) end
      end
    end
  end

  return play
end
