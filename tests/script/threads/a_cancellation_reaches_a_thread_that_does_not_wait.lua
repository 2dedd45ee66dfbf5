-- not under sanitizers: they hold signals back
local function try(fn)
  local out, ready = async.channel(1), async.channel(1)
  local thread = spawn(async.thread, fn, out, ready)
  ready:recv()
  sleep(0.02) -- it computes by then, or is just about to
  thread:cancel()
  print(thread:pawait())
  print(out:recv())
end
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "counted" end)
  ready:send(true)
  local i = 0
  while true do i = i + 1 end
end)
-- expect: false	cancelled
-- expect: counted
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "not swallowed" end)
  ready:send(true)
  while true do pcall(error) end
end)
-- expect: false	cancelled
-- expect: not swallowed
try(function(out, ready)
  local _ <close> = async.defer(function() out:try_send "in a generator" end)
  ready:send(true)
  local generator = coroutine.wrap(function() while true do pcall(string.rep, "x", 10) end end)
  generator()
end)
-- expect: false	cancelled
-- expect: in a generator
