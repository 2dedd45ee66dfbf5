-- A supervisor: whatever fails is started again, after a pause that grows.  When
-- something fails too often its last error ends the scope, and the others are
-- cancelled and clean up.
--
--   tinyasync run scripts/supervisor.lua

local function log(...) print(("%4.1f  "):format(async.now()) .. string.format(...)) end

-- Runs a service until it returns, in at most `tries` tries.
local function supervise(name, service, tries)
  return async.retry(tries, function(try)
    local ok, err = pcall(service)
    if ok then return end
    log("%s failed (%d of %d): %s", name, try, tries, err)
    error(name .. ": " .. tostring(err), 0)
  end, {delay = 0.5, factor = 2, max = 4})
end

-- Three services: one that works, one that recovers, one that never will.
local function clock()
  local stop <close> = async.defer(function() log("clock stopped") end)
  async.every(2, function() log("tick") end)
end

local connections = 0
local function feed()
  connections = connections + 1
  sleep(0.2)
  if connections < 3 then error("connection lost", 0) end
  log("feed complete")
end

local function printer()
  sleep(1)
  error("out of paper", 0)
end

local ok, err = pcall(async.scope, function(s)
  s:spawn(supervise, "clock", clock, 3)
  s:spawn(supervise, "feed", feed, 5)
  s:spawn(supervise, "printer", printer, 3)
end)
log("given up: %s", err)

-- expect:  0.2  feed failed (1 of 5): connection lost
-- expect:  0.9  feed failed (2 of 5): connection lost
-- expect:  1.0  printer failed (1 of 3): out of paper
-- expect:  2.0  tick
-- expect:  2.1  feed complete
-- expect:  2.5  printer failed (2 of 3): out of paper
-- expect:  4.0  tick
-- expect:  4.5  printer failed (3 of 3): out of paper
-- expect:  4.5  clock stopped
-- expect:  4.5  given up: printer: out of paper
