-- A handler that does not end is cancelled when the grace is over; so are those of a server whose
-- own task is cancelled, and of one that belongs to a daemon, at once.
-- options: --virtual-time --grace=3
local net = async.net
local began -- to end
local function passed() return math.floor(async.now() - began + 0.5) end

local function serve(name, options)
  local server = assert(net.listen("127.0.0.1", 0))
  local task = spawn(options, function()
    server:serve(function(connection)
      local ending <close> = async.defer(function()
        print(name, "handler ends", passed())
      end)
      connection:read()
      sleep(100)
    end)
  end)
  local ours = assert(net.connect("127.0.0.1", server.port))
  ours:write "x\n"
  while not async.tree():find(("sleep 100"), 1, true) do sleep(0) end
  return task, ours
end

local cancelled = serve("cancelled", {})
began = async.now()
cancelled:cancel()
-- expect: cancelled	handler ends	0
-- expect: false	cancelled
print(cancelled:pawait())
local limited = spawn(async.move_on_after, 1, function()
  began = async.now()
  local server = assert(net.listen("127.0.0.1", 0))
  spawn({daemon = true}, function()
    local ours = assert(net.connect("127.0.0.1", server.port))
    ours:read()
  end)
  server:serve(function()
    local ending <close> = async.defer(function() print("limited", passed()) end)
    sleep(100)
  end)
end)
-- expect: limited	1
-- expect: nil	timeout
print(limited:await())
local daemon, one = serve("daemon", {daemon = true})
local task, other = serve("task", {})
spawn(function()
  sleep(1)
  began = async.now()
  os.exit(0, true)
end)
-- expect: daemon	handler ends	0
-- expect: task	handler ends	3
-- expect stderr: did not end within 3 seconds of grace
