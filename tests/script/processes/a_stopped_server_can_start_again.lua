-- A stop returns when the group is gone, not when the shell around it is.
-- options: --timeout=45
package.path = "tests/?.lua;" .. package.path
local server = [[
import signal, socket, sys, time
def end(*_):
    time.sleep(1)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
print(s.getsockname()[1], flush=True)
while True: time.sleep(0.05)
]]

local function start(port)
  return async.process.spawn{"sh", "-c", 'trap "exit 0" TERM; python3 -c "$1" "$2" & wait', "sh",
    server, port, stdout = "pipe"}
end

local first <close> = start(0)
local port = first.stdout:read("n")
first:stop()
local second <close> = start(port)
-- expect: true
print(second.stdout:read("n") == port)
