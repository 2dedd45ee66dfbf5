-- A handler keeps no run going, holds up no virtual time, and counts as a wait that the outside
-- can end: who waits for what it does is in no deadlock.
local process = async.process
local asked = async.channel()
async.signal.on("USR2", function() asked:send "reload" end)
sleep(1e6)
print(async.now() >= 1e6)
-- expect: true
spawn(process.run, process.sh("sleep 0.2; kill -USR2 $PPID"))
print(asked:recv())
-- expect: reload
print "end"
-- expect: end
