-- SPDX-License-Identifier: MIT
--
-- model.lua -- the contract of tasks as a model that runs beside the Runner.
--
-- play.lua tells it each operation before the Runner hears of it; it answers what
-- has to come of it: values at once, a wait, an error.  It is told when passes
-- begin and end, and holds what it knows of tasks, regions and queues against
-- what the Runner knows.  What differs goes to model.fail(); the first counts.
--
-- A task: state, cause, region (innermost), wait, awaiters, scope, locks.
-- A region: kind, outer, task, cause, shields (open around it); of a scope also
-- children and failures, of a deadline `at`.
-- A wait: kind, task, at, places in queues; done with results or error, or given_up;
-- of a turn that is given up before a function goes on, `again` decides once more.

return function(host)
  local model = {
    tasks = {}, others = {}, live = 0, daemons = 0, running = nil, passes = 0, in_pass = false,
    now = 0, room = 0, at_once = 0, pauses = 0, late_births = 0,
    turn = {}, next = {}, hidden = {}, cancelling = false, deadlines = {}, reports = {},
    failure = nil, hash = 0, cancelled_waits = 0, waits = 0, out_of_order = 0,
    entered = 0, left = 0,
    ends = 0, ends_told = 0, -- of tasks; and those that combinators have told of
    ended = false,   -- what the Runner does is not looked at any more
    closing = false, -- it closes all tasks
    dooming = false, -- it closes this one
  }
  local runner_cause = {reason = "the test"}

  function model.fail(format, ...)
    if not model.failure and not model.ended then model.violate(format, ...) end
  end
  function model.violate(format, ...)
    if model.failure then return end
    model.failure = format:format(...)
    host.say("VIOLATION: " .. model.failure)
  end
  local fail = model.fail

  local function name(task) return task and "#" .. task.id or "nobody" end
  model.name = name

  -- --------------------------------------------------------------- in force

  -- The outermost cause in force, or nil.
  local function in_force(task)
    local cause
    local region = task.region
    while region do
      if region.kind == "shield" then return cause end
      cause = region.cause or cause
      region = region.outer
    end
    return task.cause or cause
  end
  model.in_force = in_force

  -- Is this the error object of a cancellation in force?
  local function is_in_force(task, object)
    if type(object) ~= "table" then return false end
    local region = task.region
    while region do
      if region.kind == "shield" then return false end
      if region.cause and region.cause.object == object then return true end
      region = region.outer
    end
    return task.cause ~= nil and task.cause.object == object
  end
  model.is_in_force = is_in_force

  -- The object has been met as that of the cause.
  local function meet(task, cause, object)
    if type(object) ~= "table" or object.kind ~= "cancelled" then
      return fail("%s: expected a cancellation (%s), got %s", name(task), tostring(cause.reason),
        host.show(object))
    end
    if cause.object == nil then
      if object.reason ~= cause.reason then
        return fail("%s: the reason of the cancellation is %s, not %s", name(task),
          host.show(object.reason), host.show(cause.reason))
      end
      cause.object = object
    elseif cause.object ~= object then
      fail("%s: another cancellation was raised than the outermost in force: %s, not %s",
        name(task), host.show(object.reason), host.show(cause.reason))
    end
  end
  model.meet = meet

  -- ------------------------------------------------------------------ queues

  local function leave(queue, place)
    for i = 1, #queue do
      if queue[i] == place then return table.remove(queue, i) end
    end
    fail("the model lost a place in a queue")
  end

  local function leave_all(wait)
    for _, place in ipairs(wait.places or {}) do leave(place.queue, place) end
    wait.places = nil
  end

  local function join(wait, queue, index, value)
    local place = {queue = queue, wait = wait, index = index, value = value}
    queue[#queue + 1] = place
    wait.places = wait.places or {}
    wait.places[#wait.places + 1] = place
    return place
  end
  model.join = join

  -- ------------------------------------------------------------------- turns

  local function make_ready(task)
    task.state = "runnable"
    model.next[task] = true
  end

  -- The task takes its step.
  local function take_turn(task)
    if not model.turn[task] then
      return fail("%s was stepped in pass %d out of its turn (%s)", name(task), model.passes,
        model.next[task] and "it is runnable in the next pass" or task.state)
    end
    model.turn[task] = nil
    if host.order == 0 and task.id <= model.last_stepped then
      fail("#%d was stepped after #%d", task.id, model.last_stepped)
    end
    if task.id < model.last_stepped then model.out_of_order = model.out_of_order + 1 end
    model.last_stepped = task.id
    model.hash = (model.hash * 31 + task.id * 7 + model.passes) & 0xFFFFFFFFFFFF
  end

  local function complete(wait, results)
    local task = wait.task
    if wait.done or wait.given_up then return fail("the model completed a wait twice") end
    wait.done, wait.results = true, results
    leave_all(wait)
    make_ready(task)
    if wait.kind == "scope" or wait.again then
      wait.steps = host.steps(task.handle)
      model.hidden[#model.hidden + 1] = task
    end
  end
  model.complete = complete

  function model.begin_wait(task, wait)
    wait.task = task
    task.wait, task.state = wait, "waiting"
    model.running = nil
    model.waits = model.waits + 1
    if wait.at_once then complete(wait) end
    return wait
  end

  -- Must the task give up its turn before it goes on without a wait?  Where it cannot
  -- wait it need not.
  function model.has_gone_on(task)
    if model.ended then return false end
    if model.at_once > 0 then
      model.at_once = model.at_once - 1
      return false
    end
    if task.stuck or in_force(task) then return false end
    model.pauses = model.pauses + 1
    return true
  end

  -- The task runs again after its wait, or for the first time.
  local function resumed(task)
    if model.ended then return end
    model.sync()
    if model.running then
      fail("%s runs while %s has not waited", name(task), name(model.running))
    end
    if task.state ~= "runnable" then
      return fail("%s runs though it should be %s (%s)", name(task), task.state,
        task.wait and task.wait.kind or "?")
    end
    take_turn(task)
    task.state, task.wait = "running", nil
    model.running = task
    model.at_once = host.at_once
  end
  model.resumed = resumed

  -- ------------------------------------------------------------ cancellation

  local function update(task)
    if task.state ~= "waiting" or not in_force(task) then return end
    local wait = task.wait
    if wait.firm then
      wait.hit = true
      return
    end
    wait.given_up = true
    model.cancelled_waits = model.cancelled_waits + 1
    leave_all(wait)
    make_ready(task)
  end

  local function cancel_one(task, cause)
    if task.cause or task.ended then return false end
    task.cause = cause
    if not task.started then model.hidden[#model.hidden + 1] = task end
    update(task)
    return true
  end

  -- Passes a cancellation on to the children in the scopes of `region` and
  -- outward up to `last`, that are in that many shields.
  local function cascade(region, last, shields, cause)
    while region do
      if region.kind == "scope" and region.shields == shields then
        for _, child in ipairs({table.unpack(region.children)}) do
          if cancel_one(child, cause) then cascade(child.region, nil, 0, cause) end
        end
      end
      if region == last then break end
      region = region.outer
    end
  end

  function model.cancel_task(task, reason)
    local cause = {reason = reason}
    if not cancel_one(task, cause) then return false end
    cascade(task.region, nil, 0, cause)
    return true
  end

  local function cancel_region(region, reason)
    if region.cause or region.ended then return false end
    region.cause = {reason = reason}
    update(region.task)
    cascade(region.task.region, region, region.shields, region.cause)
    return true
  end
  model.cancel_region = cancel_region

  -- Is the task a child of a scope in a shield, or of one in such a task?
  local function is_sheltered(task)
    local region = task.scope
    if not region then return false end
    if region.task.spared then return true end
    while region and region.kind ~= "shield" do region = region.outer end
    return region ~= nil
  end

  function model.cancel_all()
    model.sync()
    if model.cancelling then return end
    model.cancelling = true
    for _, task in ipairs(model.tasks) do
      if not task.ended then
        task.spared = is_sheltered(task)
        if not task.spared then cancel_one(task, runner_cause) end
      end
    end
  end

  -- ----------------------------------------------------------------- regions

  local function is_shielded(task)
    local region = task.region
    while region and region.kind ~= "shield" do region = region.outer end
    return region ~= nil
  end

  function model.new_region(task, kind, co)
    local outer = task.region
    local shields = outer and outer.shields + (outer.kind == "shield" and 1 or 0) or 0
    return {kind = kind, outer = outer, task = task, shields = shields, co = co,
      children = {}, failures = {}}
  end

  -- Why what begins inside the region is cancelled from the start.
  local function cause_around(region)
    local task = region.task
    while region do
      if region.kind == "shield" then return nil end
      if region.cause then return region.cause end
      region = region.outer
    end
    return task.cause
  end

  -- ------------------------------------------------------------------- tasks

  -- Does a task that is added now take its first step in this pass?
  local function has_room()
    if not model.in_pass then return false end
    model.room = model.room - 1
    if model.room < 0 then model.late_births = model.late_births + 1 end
    return model.room >= 0
  end

  function model.new_task(scope, daemon)
    local by = model.running
    local task = {state = "runnable", awaiters = {}, scope = scope, daemon = daemon,
      locks = {}, locals = {}, number = #model.tasks + 1}
    for key, value in pairs(by and by.locals or {}) do task.locals[key] = value end
    local cause = scope and cause_around(scope)
    if not cause and model.cancelling then
      if by and (by.spared or is_shielded(by)) then
        task.spared = true
      else
        cause = runner_cause
      end
    end
    task.cause = cause
    model.tasks[task.number] = task
    model.live = model.live + 1
    if daemon then model.daemons = model.daemons + 1 end
    if scope then scope.children[#scope.children + 1] = task end
    if cause then model.hidden[#model.hidden + 1] = task end
    model[has_room() and "turn" or "next"][task] = true
    return task
  end

  -- What awaiting the ended task gives: results, or nil and an error.
  function model.outcome(task, protected)
    if task.state == "done" then
      local values = task.outcome
      if not protected then return values end
      return {n = values.n + 1, true, table.unpack(values, 1, values.n)}
    end
    if protected then return {n = 2, false, task.outcome} end
    return nil, task.outcome
  end

  local function give(permits)
    permits.free, permits.owner = permits.free + 1, nil
    local first = permits.queue[1]
    if not first then return end
    model.take(permits, first.wait.task)
    complete(first.wait)
  end
  model.give = give

  function model.take(permits, task)
    permits.free = permits.free - 1
    permits.taken = permits.taken + 1
    if permits.free < 0 then fail("the model overdrew %s", permits.name) end
    if not permits.is_lock then return end
    permits.owner = task
    table.insert(task.locks, permits)
  end

  function model.release(permits)
    if permits.owner then leave(permits.owner.locks, permits) end
    give(permits)
  end

  local function child_ended(scope, task)
    leave(scope.children, task)
    if task.state == "failed" then
      table.insert(scope.failures, task.outcome)
      cancel_region(scope, "a task of its scope failed")
    end
    local wait = scope.wait
    if wait and wait.task.wait == wait and not wait.done and #scope.children == 0 then
      complete(wait)
    end
  end

  function model.end_task(task, state, outcome)
    task.state, task.outcome, task.ended = state, outcome, true
    if model.running == task then model.running = nil end
    if task.region then fail("%s ended inside a region", name(task)) end
    while #task.locks > 0 do
      model.expect_report(task, true)
      give(table.remove(task.locks, 1))
    end
    if state == "failed" and not task.scope and #task.awaiters == 0 then
      model.expect_report(task, false)
    end
    if state == "cancelled" then meet(task, task.cause, outcome) end
    model.live = model.live - 1
    if task.daemon then model.daemons = model.daemons - 1 end
    while #task.awaiters > 0 do
      local place = task.awaiters[1]
      local wait = place.wait
      if wait.kind == "select" then
        local values = model.outcome(task, true)
        wait.batch = task.batch
        complete(wait, {n = values.n + 1, place.index, table.unpack(values, 1, values.n)})
      else
        local results, err = model.outcome(task, wait.protected)
        wait.error = err
        complete(wait, results)
      end
    end
    if task.scope then child_ended(task.scope, task) end
  end

  -- ----------------------------------------------------------------- reports

  -- The Runner is to tell of the task's failure, or of a lock it has held.
  function model.expect_report(task, is_other)
    local key = task.id .. (is_other and " lock" or "")
    model.reports[key] = (model.reports[key] or 0) + 1
  end

  function model.reported(id, is_other)
    local key = id .. (is_other and " lock" or "")
    model.reports[key] = (model.reports[key] or 0) - 1
  end

  -- ------------------------------------------------------------------- passes

  -- Steps that no operation shows.  A scope whose children had ended finds that
  -- there is a new one, and waits again.
  local function sync_scope(task)
    local wait = task.wait
    if task.ended or not wait or wait.kind ~= "scope" or not wait.done then return true end
    if not model.turn[task] or host.state(task.handle) == "running" then return false end
    if host.steps(task.handle) == wait.steps then return false end
    take_turn(task)
    task.state, wait.done, wait.steps = "waiting", false, host.steps(task.handle)
    wait.hit = wait.hit or in_force(task) ~= nil
    if #wait.scope.children == 0 then fail("%s waits for no children", name(task)) end
    return true
  end

  -- Who gave up the turn before it went on has found that there is nothing any more,
  -- and waits for it.
  local function sync_pause(task)
    local wait = task.wait
    if task.ended or not wait or not wait.again then return true end
    if not model.turn[task] or host.state(task.handle) == "running" then return false end
    if host.steps(task.handle) == wait.steps then return false end
    take_turn(task)
    local running = model.running
    local _, real = wait.again()
    if not real then return fail("%s waits, and need not", name(task)) end
    if real.enter then real.enter() end
    wait.want.wait = model.begin_wait(task, real)
    model.running = running
    return true
  end

  -- A task that never starts has ended in its turn.
  local function sync_birth(task, batch)
    if task.ended then return true end
    if not model.turn[task] or host.state(task.handle) ~= "cancelled" then return false end
    take_turn(task)
    task.batch = batch
    model.end_task(task, "cancelled", task.handle.error)
    return true
  end

  local begin_pass

  -- Scopes and those who gave up the turn first: that one waits again was before the last
  -- of its children ended.
  local function sort_by_turn(tasks)
    local ranks = {}
    for _, task in ipairs(tasks) do ranks[task] = host.rank(task.handle) end
    table.sort(tasks, function(a, b) return math.ult(ranks[a], ranks[b]) end)
  end

  local function sync_hidden()
    local hidden = model.hidden
    if #hidden == 0 then return end
    if #hidden > 1 then sort_by_turn(hidden) end
    model.hidden = {}
    local seen, left, batch = {}, {}, {}
    for _, task in ipairs(hidden) do
      local stays = not seen[task] and
        (not task.started or not sync_scope(task) or not sync_pause(task))
      if stays then left[#left + 1] = task end
      seen[task] = true
    end
    for _, task in ipairs(left) do
      if task.started or not sync_birth(task, batch) then table.insert(model.hidden, task) end
    end
  end

  -- The pass that the host has begun, at the Runner's time: only now does that stand.
  function begin_pass()
    local now = host.pass_now()
    model.pending = false
    sync_hidden()
    if now < model.now or now > host.clock() then fail("the time of a pass is %s", now) end
    model.now = now
    for _, task in ipairs(model.tasks) do
      local wait = task.wait
      if task.state == "waiting" and wait.at and wait.at <= now then
        complete(wait, wait.kind == "select" and {n = 2, nil, "timeout"} or nil)
      end
    end
    local due = {}
    for region in pairs(model.deadlines) do
      if region.at <= now and not region.met then due[#due + 1] = region end
    end
    table.sort(due, function(a, b) return a.at < b.at end)
    for _, region in ipairs(due) do
      region.met = true
      cancel_region(region, "timeout")
    end
    model.passes = model.passes + 1
    model.turn, model.next = model.next, {}
    model.in_pass, model.last_stepped = true, 0
    model.room = host.newcomers
    for _ in pairs(model.turn) do model.room = model.room + 1 end
  end

  -- The host begins a pass.  It is looked at when the first task is stepped.
  function model.begin_pass()
    model.pending = true
  end

  function model.sync()
    if model.ended then return end
    if model.pending then begin_pass() end
    sync_hidden()
  end

  -- The earliest time that is waited for, or nil; and is anybody in an endless
  -- sleep?
  local function earliest()
    local first, endless
    for _, task in ipairs(model.tasks) do
      local wait = task.state == "waiting" and task.wait
      if wait and wait.at then first = math.min(first or wait.at, wait.at) end
      endless = endless or wait and wait.endless
    end
    for region in pairs(model.deadlines) do
      if not region.met and region.at < math.huge then
        first = math.min(first or region.at, region.at)
      end
    end
    return first, endless
  end

  local function expected_result()
    local first, endless = earliest()
    if model.live == (model.cancelling and 0 or model.daemons) then return "done", first end
    if next(model.next) then return "busy", first end
    return (first or endless) and "waiting" or "stuck", first
  end

  local function check_task(task)
    local state = host.state(task.handle)
    if state ~= task.state then
      fail("%s is %s, and should be %s (%s)", name(task), state, task.state,
        task.wait and task.wait.kind or "no wait")
    elseif not task.ended then
      local forced, locks = host.facts(task.handle)
      if forced ~= (in_force(task) ~= nil) then
        fail("%s: in_force is %s", name(task), tostring(forced))
      end
      if locks ~= #task.locks then
        fail("%s holds %d locks, and should hold %d", name(task), locks, #task.locks)
      end
    end
  end

  local function check_reports()
    for key, count in pairs(model.reports) do
      if count > 0 then fail("the failure of task #%s was not reported", key) end
      if count < 0 then fail("the failure of task #%s was reported, and should not be", key) end
    end
    model.reports = {}
  end

  function model.end_pass(result, deadline)
    model.sync()
    if model.running then fail("%s has not given up its turn", name(model.running)) end
    for task in pairs(model.turn) do fail("%s was not stepped in its turn", name(task)) end
    model.in_pass = false
    for _, task in ipairs(model.tasks) do
      if not task.checked then check_task(task) end
      task.checked = task.ended
    end
    check_reports()
    local expected, first = expected_result()
    if result ~= expected then fail("the pass gave %s, expected %s", result, expected) end
    if (first or math.huge) ~= deadline then
      fail("the Runner wants to be called at %s, expected %s", deadline, tostring(first))
    end
    return model.live
  end

  -- Lets go of all that the Runner has made: what still holds a task then is it.
  function model.forget()
    for _, task in ipairs(model.tasks) do
      task.handle, task.outcome, task.results = nil, nil, nil
    end
    for _, task in ipairs(model.others) do task.handle = nil end
  end

  return model
end
