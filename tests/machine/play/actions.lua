-- SPDX-License-Identifier: MIT
--
-- actions.lua -- waits that a script's action, or the host, ends.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local fail, name, sync = model.fail, model.name, model.sync
  local pick, say, new_value = stage.pick, stage.say, stage.new_value
  local new_error, leaf = stage.new_error, stage.leaf
  local finish_turn, pokes, parks = stage.finish_turn, stage.pokes, stage.parks

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
    local value = new_value()
    local err = op.fail and new_error()
    say(task, "wakes poke %d: %s", poke.number, can)
    if can then
      if err then wait.error = err end
      model.complete(wait, {n = 2, value, nil})
    end
    local took
    if err then took = poke.fail(err) else took = poke.wake(value, nil) end
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
end
