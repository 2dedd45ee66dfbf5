-- SPDX-License-Identifier: MIT
--
-- ends.lua -- combinators that tell of each end: as_completed, settle, and map that
-- keeps going.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local pack, unpack = table.pack, table.unpack
  local pick, say, new_error = stage.pick, stage.say, stage.new_error
  local noted_end, work = stage.noted_end, stage.work
  local cancelled_themselves = stage.cancelled_themselves

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
end
