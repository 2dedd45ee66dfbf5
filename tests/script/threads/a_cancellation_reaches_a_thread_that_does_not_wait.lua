-- not under sanitizers: they hold signals back
local function try(fn)
  local out = async.channel(1)
  print(async.move_on_after(0.05, async.thread, fn, out))
  print(out:recv())
end
try(function(out)
  local _ <close> = async.defer(function() out:try_send "counted" end)
  local i = 0
  while true do i = i + 1 end
end)
-- expect: nil	timeout
-- expect: counted
try(function(out)
  local _ <close> = async.defer(function() out:try_send "not swallowed" end)
  while true do pcall(error) end
end)
-- expect: nil	timeout
-- expect: not swallowed
try(function(out)
  local _ <close> = async.defer(function() out:try_send "in a generator" end)
  local generator = coroutine.wrap(function() while true do pcall(string.rep, "x", 10) end end)
  generator()
end)
-- expect: nil	timeout
-- expect: in a generator
