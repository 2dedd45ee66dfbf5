-- SPDX-License-Identifier: MIT
--
-- play.lua -- carries out a program's operations, each beside the model.
--
-- An operation of a task first asks the model what has to come of it, then calls
-- the real function, and compares: values, errors, and whether it has waited.
-- Where an error passes through, a to-be-closed variable sees it.
--
-- The operations lie in play/, by subject, an act each, in the order of sources.h.  All
-- that acts share is the stage: an act takes from it what those before it have put
-- there, adds its operations to stage.play, and puts there what later ones take.

return function(host, model, acts)
  local fail = model.fail
  local channels, locks, semaphores, events, locals = {}, {}, {}, {}, {}
  local pokes, parks = {}, {}
  local budget = 2000 -- operations of a program
  local play = {}

  local stage = {
    host = host, model = model,
    play = play, -- the operations by name: each is given (task, op, X)
    made = nil,  -- the program
    channels = channels, locks = locks, semaphores = semaphores, events = events, locals = locals,
    pokes = pokes, parks = parks, scopes = {}, -- as they come
    cancelled_themselves = setmetatable({}, {__mode = "k"}), -- task -> true
  }

  -- Operations one after the other.  X: see inside() in tools.lua.
  function stage.exec(task, ops, X)
    for _, op in ipairs(ops) do
      if budget == 0 or model.failure then return end
      budget = budget - 1
      play[op[1]](task, op, X)
    end
  end

  for _, act in ipairs(acts) do act(stage) end
  local start = stage.start

  local function new_permits(kind, number, limit, handle)
    return {name = kind .. " " .. number, is_lock = kind == "lock", free = limit, limit = limit,
      taken = 0, queue = {}, handle = handle}
  end

  function model.setup(made)
    stage.made = made
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
    local procedure = table.remove(stage.made.rescuers)
    if not procedure then return false end
    stage.made.most_tasks = stage.made.most_tasks + 1
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
end
