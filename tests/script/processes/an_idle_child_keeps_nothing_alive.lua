-- Only a wait does: with a child that nobody waits for the run is stuck all the same, and its
-- end stops the child.
-- options: --timeout=100
-- expect status: 3
-- expect stderr: deadlock
local child = async.process.spawn{"sleep", "100"}
async.event():wait()
