-- Deadlines.  What runs under one knows nothing of it: whichever wait it is in
-- when the time is over, that wait ends.
--
--   tinyasync run scripts/timeout.lua

local function ask(server, seconds)
  sleep(seconds)
  return "answer of " .. server
end

-- Either an answer in time or an error, which says what it is.
print(async.with_timeout(1, ask, "a quick one", 0.2))
local ok, err = pcall(async.with_timeout, 1, ask, "a slow one", 5)
print(ok, err, err.kind, err.seconds)

-- No answer is no disaster: nil, and on.
print(async.move_on_after(1, ask, "a slow one", 5) or "no answer; the one from the cache")

-- A deadline for the whole, and a shorter one for each try.  The earlier one
-- ends the wait, and only the call that has set it notices.
local function ask_all(servers)
  for _, server in ipairs(servers) do
    local answer = async.move_on_after(0.5, ask, server.name, server.seconds)
    if answer then return answer end
    print(("%.1f  %s does not answer"):format(async.now(), server.name))
  end
end

local servers = {{name = "north", seconds = 3}, {name = "south", seconds = 0.3}}
print(async.with_timeout(2, ask_all, servers))

servers[2].seconds = 3
print(pcall(async.with_timeout, 0.8, ask_all, servers))

-- expect: answer of a quick one
-- expect: false	timed out after 1 second	timeout	1.0
-- expect: no answer; the one from the cache
-- expect: 2.7  north does not answer
-- expect: answer of south
-- expect: 3.5  north does not answer
-- expect: false	timed out after 0.8 seconds
