-- It is told, unwinds by itself, and nobody waits for it: what it does then shows in a channel.
local function try(fn)
  local out = async.channel(1)
  print(async.move_on_after(0.05, async.thread, fn, out))
  print(out:recv())
end
try(function(out)
  local _ <close> = async.defer(function() out:try_send "slept" end)
  sleep(1000)
end)
-- expect: nil	timeout
-- expect: slept
try(function(out)
  local _ <close> = async.defer(function() out:try_send "received" end)
  out:recv()
  out:recv()
end)
-- expect: nil	timeout
-- expect: received
try(function(out)
  local _ <close> = async.defer(function() out:try_send "shielded" end)
  async.shield(sleep, 0.1)
  sleep(1000)
end)
-- expect: nil	timeout
-- expect: shielded
try(function(out)
  local _ <close> = async.defer(function() out:try_send "the inner one too" end)
  async.thread(function() sleep(1000) end)
end)
-- expect: nil	timeout
-- expect: the inner one too
