-- A signal starts a task with the function, one after the other; close() gives it back.
local process, signal = async.process, async.signal
local function send(name) process.run(process.sh("kill -" .. name .. " $PPID")) end
local heard = async.channel(math.huge)
local function hears(name) print(name, async.with_timeout(20, heard.recv, heard)) end

local running = 0
local handler = signal.on("HUP", function(...)
  running = running + 1
  heard:send(select("#", ...) .. " argument, " .. ... .. ", running " .. running)
  async.checkpoint()
  running = running - 1
end)
print(handler, handler.name)
-- expect: signal handler: HUP	HUP
send "HUP"
hears "first"
-- expect: first	1 argument, HUP, running 1
send "HUP"
hears "second"
-- expect: second	1 argument, HUP, running 1

-- Several handlers of one signal are called all; closing one leaves the others.
local other = signal.on("HUP", function() heard:send "other" end)
handler:close()
handler:close()
send "HUP"
hears "after"
-- expect: after	other

-- Those that come while the function runs are told once more, when it has ended.
other:close()
local gate, calls = async.event(), 0
local slow <close> = signal.on("HUP", function()
  calls = calls + 1
  heard:send "began"
  gate:wait()
end)
send "HUP"
hears "slow"
-- expect: slow	began
for _ = 1, 5 do send "HUP" end
gate:set()
hears "again"
-- expect: again	began
send "HUP"
hears "third"
-- expect: third	began
print(calls)
-- expect: 3

-- Where the signal is one that tinyasync uses itself both hear it, or it is the script's.
for _, name in ipairs {"CHLD", "WINCH", "CONT", "TSTP", "PIPE", "QUIT", "USR1", "USR2", "INT",
                       "TERM", "URG", "XFSZ"} do
  local one <close> = signal.on(name, function(came) heard:try_send(came) end)
  send(name)
  hears(name)
  while heard:try_recv() do end
end
-- expect: CHLD	CHLD
-- expect: WINCH	WINCH
-- expect: CONT	CONT
-- expect: TSTP	TSTP
-- expect: PIPE	PIPE
-- expect: QUIT	QUIT
-- expect: USR1	USR1
-- expect: USR2	USR2
-- expect: INT	INT
-- expect: TERM	TERM
-- expect: URG	URG
-- expect: XFSZ	XFSZ

-- wait() gives the name of the one that came.
local waiting = spawn({name = "waits"}, function() return signal.wait("USR2", "TERM") end)
async.checkpoint()
print(waiting:status())
-- expect: waiting	signal USR2 or TERM
send "TERM"
print(waiting:await())
-- expect: TERM

-- Who gives up leaves nothing behind: the signal does what it did.
print(async.move_on_after(0, signal.wait, "WINCH"))
-- expect: nil	timeout
local cancelled = spawn(signal.wait, "USR2")
async.checkpoint()
cancelled:cancel()
print(cancelled:pawait())
-- expect: false	cancelled
local status = process.try{"sh", "-c", "kill -USR2 $$"}
print(status.signal)
-- expect: USR2
