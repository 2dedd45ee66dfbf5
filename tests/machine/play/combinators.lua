-- SPDX-License-Identifier: MIT
--
-- combinators.lua -- combinators of which only the whole is known: all, race, any, map,
-- retry, every.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local pick, say, exec = stage.pick, stage.say, stage.exec

  local MOST_NESTED = 2 -- procedures in a combinator in a procedure in a combinator

  -- A function as a task of a combinator.
  local function work(by, n, result)
    local nested = (by.nested or 0) + 1
    return function()
      local task = {id = by.id, locals = {}, locks = {}, handle = async.current(), nested = nested}
      model.others[#model.others + 1] = task
      if nested <= MOST_NESTED then exec(task, pick(stage.made.procedures, n).body, {}) end
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

  stage.work = work
end
