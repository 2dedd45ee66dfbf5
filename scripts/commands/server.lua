-- Starts a server, waits until it is ready, tests it, and stops it, whatever the test says.
--
--   tinyasync run scripts/commands/server.lua

local process = async.process

-- It answers a line with a line.
local SERVER = [[
  trap 'echo bye >&2; exit 0' TERM
  echo ready
  while read -r line; do echo "answer to $line"; done
]]

local function test()
  local server <close> = process.spawn{"sh", "-c", SERVER, stdin = "pipe", stdout = "pipe"}
  assert(async.with_timeout(10, server.stdout.read, server.stdout) == "ready")
  for i = 1, 3 do
    server.stdin:write("question ", i, "\n")
    print(server.stdout:read())
  end
  server.stdin:close()
  print("ended with status " .. server:wait().status)
end

test()

local function ask_once()
  local server <close> = process.spawn{"sh", "-c", SERVER .. "sleep 60", stdin = "pipe",
    stdout = "pipe", stderr = "stdout"}
  assert(server.stdout:read() == "ready")
  error("the test failed", 0)
end
print(pcall(ask_once))

-- expect: answer to question 1
-- expect: answer to question 2
-- expect: answer to question 3
-- expect: ended with status 0
-- expect: false	the test failed
