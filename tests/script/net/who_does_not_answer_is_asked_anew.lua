-- net.wait() does not leave it to the system, which asks later and later, and for two minutes.
-- options: --timeout=60

local net = async.net
local listener = assert(net.listen("127.0.0.1", 0, {backlog = 1}))

-- The ports from which somebody calls the listener who has no answer.
local function callers()
  local peer, ports = ("0100007F:%04X 02"):format(listener.port), {}
  for line in io.lines "/proc/net/tcp" do
    local from = line:match("%x+:(%x+) " .. peer)
    if from then ports[#ports + 1] = from end
  end
  return table.concat(ports, " ")
end

-- Nobody accepts: what comes is dropped when so many wait.
local connections, call = {}, nil
while callers() == "" do
  call = spawn(net.connect, "127.0.0.1", listener.port)
  repeat sleep(0.01) until call:status() == "done" or callers() ~= ""
  connections[#connections + 1] = call:status() == "done" and call:await() or nil
end
call:cancel()
while callers() ~= "" do sleep(0.05) end

local waiting = spawn(net.wait, "127.0.0.1", listener.port)
while callers() == "" do sleep(0.05) end
local first = callers()
while callers() == first or callers() == "" do sleep(0.05) end
-- expect: asked anew	waiting
print("asked anew", (waiting:status()))

for _ in ipairs(connections) do listener:accept() end
-- expect: true
print(waiting:await())
listener:close()
