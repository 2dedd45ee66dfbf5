-- Generators that wait.  A producer, a filter and a consumer are ordinary Lua
-- coroutines in one task; any of them may sleep, and the others neither know
-- nor care.  Meanwhile other tasks go on.
--
--   tinyasync run scripts/pipeline.lua

-- Readings come when they come.
local function sensor(readings)
  return coroutine.wrap(function()
    for _, reading in ipairs(readings) do
      sleep(0.2)
      coroutine.yield(reading)
    end
  end)
end

-- Lets through what differs from the reading before.
local function changes(source)
  return coroutine.wrap(function()
    local last
    for reading in source do
      if reading ~= last then coroutine.yield(reading) end
      last = reading
    end
  end)
end

-- Puts two and two together; looking something up takes a while, too.
local function labelled(source, label)
  return coroutine.wrap(function()
    for reading in source do
      sleep(0.1)
      coroutine.yield(("%s %d"):format(label, reading))
    end
  end)
end

local function show(label, readings)
  for line in labelled(changes(sensor(readings)), label) do
    print(("%.1f  %s"):format(async.now(), line))
  end
end

spawn(show, "inside", {20, 20, 21, 21, 22})
spawn(show, "outside", {5, 6, 6, 6, 4})

-- expect: 0.3  inside 20
-- expect: 0.3  outside 5
-- expect: 0.6  outside 6
-- expect: 0.8  inside 21
-- expect: 1.3  inside 22
-- expect: 1.3  outside 4
