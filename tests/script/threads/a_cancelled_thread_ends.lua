-- It is told, unwinds by itself, and nobody waits for it: what it does then shows in a channel.
local function try(fn)
  local out, ready = async.channel(1), async.channel(1)
  local thread = spawn(async.thread, fn, out, ready)
  ready:recv()
  thread:cancel()
  print(thread:pawait())
  print(out:recv())
end
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "slept" end)
  ready:send(true)
  sleep(1000)
end)
-- expect: false	cancelled
-- expect: slept
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "received" end)
  ready:send(true)
  out:recv()
  out:recv()
end)
-- expect: false	cancelled
-- expect: received
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "shielded" end)
  ready:send(true)
  async.shield(sleep, 0.1)
  sleep(1000)
end)
-- expect: false	cancelled
-- expect: shielded
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "the inner one too" end)
  ready:send(true)
  async.thread(function() sleep(1000) end)
end)
-- expect: false	cancelled
-- expect: the inner one too
