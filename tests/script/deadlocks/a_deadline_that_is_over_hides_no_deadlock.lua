-- No timer is left behind: the Runner sees at once that nothing can go on.
async.with_timeout(100, sleep, 1)
pcall(async.with_timeout, 100, error, "boom")
async.select{timeout = 100, spawn(sleep, 1)}
local task = spawn(sleep, 100)
sleep(1)
task:cancel()
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: recv on channel 'empty' (0 of 0)
local guard <close> = async.defer(function()
  print("seen at", async.now())                    -- expect: seen at	3.0
end)
async.channel(0, "empty"):recv()
-- expect status: 3
