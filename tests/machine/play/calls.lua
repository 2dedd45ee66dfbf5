-- SPDX-License-Identifier: MIT
--
-- calls.lua -- what runs operations inside something else: protected calls, loops,
-- callbacks of C functions, clean-up, nested coroutines.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local fail, name = model.fail, model.name
  local pack = table.pack
  local say, watch, same_error = stage.say, stage.watch, stage.same_error
  local check_values, inside, exec = stage.check_values, stage.inside, stage.exec

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
end
