-- SPDX-License-Identifier: MIT
--
-- time.lua -- sleeps, turns, and work that takes time.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local fail, name = model.fail, model.name
  local say, watch, new_value = stage.say, stage.watch, stage.new_value
  local leaf, finish_turn = stage.leaf, stage.finish_turn

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
    co.given = new_value()
    say(task, "yields %d to its consumer", co.given)
    coroutine.yield(co.given)
  end

  function play.work(task, op)
    say(task, "works %s s", op.seconds)
    host.work(op.seconds)
  end

  function play.interrupt() host.interrupt() end
  function play.collect() collectgarbage("step", 100) end
end
