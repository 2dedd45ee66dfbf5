-- SPDX-License-Identifier: MIT
--
-- script.lua -- a bit of everything, for every loop.  What it prints must come in
-- the same order everywhere, so what is timed lies 50 ms and more apart.
--
-- The host gives a table: host.alarm(seconds) waits for a timer of the loop's own,
-- and host.double(n) for another thread, where there are any.

local host = ...

local function say(...)
  print(string.format(...))
end

-- It does not keep the host alive, and cleans up when that ends.
spawn({name = "daemon", daemon = true}, function()
  local _ <close> = async.defer(function() say("daemon: put away") end)
  while true do sleep(0.05) end
end)

say("sleeps")
local tasks = {}
for i, seconds in ipairs {0.2, 0.05, 0.125} do
  tasks[i] = spawn(function()
    sleep(seconds)
    say("  slept %g", seconds)
    return i
  end)
end
for i, task in ipairs(tasks) do assert(task:await() == i) end

say("turns")
async.all {
  function() for i = 1, 3 do say("  a %d", i) sleep(0) end end,
  function() for i = 1, 3 do say("  b %d", i) sleep(0) end end,
}

say("a channel")
local channel = async.channel(1)
spawn(function()
  for i = 1, 4 do channel:send(i) end
  channel:close()
end)
for value in channel:iter() do say("  received %d", value) end

say("the host's own")
say("  doubled by a thread: %d", host.double(21))
say("  alarm after %g", host.alarm(0.05))
local doubled, alarmed = async.event(), async.event() -- all at once, told of in order
async.all {
  function() say("  and doubled: %d", host.double(50)) doubled:set() end,
  function() host.alarm(0.1) doubled:wait() say("  and alarmed") alarmed:set() end,
  function() sleep(0.15) alarmed:wait() say("  and slept") end,
}

say("a scope")
say("  %s", select(2, async.scope(function(s)
  for _, name in ipairs {"one", "two"} do
    s:spawn(function()
      local _ <close> = async.defer(function()
        async.shield(sleep, 0.05)
        say("  %s: cleaned up", name)
      end)
      sleep(9)
    end)
  end
  sleep(0.05)
  s:cancel()
end)))

say("deadlines")
say("  %s", select(2, async.move_on_after(0.05, host.alarm, 0.15)))
say("  %s", select(2, pcall(async.with_timeout, 0.05, sleep, 9)))

say("an error")
spawn({name = "faulty"}, error, "nobody awaits this", 0)
sleep(0)
say("  caught: %s", select(2, pcall(function() spawn(error, "awaited", 0):await() end)))
sleep(0.1)
say("the end")
