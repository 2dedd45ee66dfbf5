-- needs: luv
local uv = require "luv"

-- A library that waits in one way in a coroutine and in another in the main program.
local function nap(name)
  local co, main = coroutine.running()
  local timer, done = uv.new_timer(), false
  timer:start(1, 0, function()
    timer:close()
    done = true
    if not main then assert(coroutine.resume(co, name .. " by a callback")) end
  end)
  if not main then return coroutine.yield() end
  while not done do uv.run "once" end
  return name .. " by the loop"
end

print(nap "main")
coroutine.wrap(function() print(nap "coroutine") end)()
print(uv.run(), uv.loop_alive())

local server = uv.new_tcp()
server:bind("127.0.0.1", 0)
server:listen(1, function(err)
  local peer = uv.new_tcp()
  server:accept(peer)
  peer:read_start(function(_, data)
    if data then peer:write(data:upper()) else peer:close() server:close() end
  end)
end)
local client = uv.new_tcp()
client:connect("127.0.0.1", server:getsockname().port, function(err)
  print("connected", err)
  client:read_start(function(_, data)
    print("got", data)
    client:close()
  end)
  client:write "hello"
end)
uv.run()
print(pcall(uv.fs_stat, "/no/such/file"))
print(uv.fs_open("/no/such/file", "r", 0))
local idle = uv.new_idle()
idle:start(function() idle:close() print("idle", coroutine.isyieldable()) end)
uv.run()
