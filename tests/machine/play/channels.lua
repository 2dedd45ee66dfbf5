-- SPDX-License-Identifier: MIT
--
-- channels.lua -- channels, and select.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local sync, unpack = model.sync, table.unpack
  local pick, say, new_value = stage.pick, stage.say, stage.new_value
  local leaf, NOTHING = stage.leaf, stage.NOTHING
  local channels, events = stage.channels, stage.events

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
    local fresh = new_value()
    local value = op.value and fresh
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
end
