-- options: --virtual-time --traceback=off
-- expect status: 1
-- A failed function is reported as any task, and the handler lives on.
local process = async.process
local calls = async.channel(math.huge)
local function send() process.run(process.sh("kill -USR2 $PPID")) end
async.signal.on("USR2", function()
  calls:send(1)
  error("oops", 0) -- expect stderr is: Error in task: oops
end)
send()
calls:recv()
send()
calls:recv()
sleep(1)
-- expect stderr is: Error in task: oops
print "goes on"
-- expect: goes on
