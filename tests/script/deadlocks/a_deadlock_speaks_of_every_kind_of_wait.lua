local event, out, lock = async.event "ready", async.channel(0, "out"), async.lock "db"
local semaphore = async.semaphore(1, "net")
local guard <close> = lock:acquire()
semaphore:acquire()
async.actions.fly = function() end
local ways = {
  {function() event:wait() end}, {function() out:send(1) end}, {function() lock:acquire() end},
  {function() semaphore:acquire() end}, {function() async.select{event, async.event()} end},
  {function() coroutine.yield{action = "fly"} end}, {function() sleep(math.huge) end},
  {function() async.shield(function() async.all{function() event:wait() end} end) end},
}
for i, way in ipairs(ways) do spawn({name = "t" .. i}, way[1]) end
local released <close> = async.defer(function() event:set() end)
spawn({name = "last"}, function() event:wait() end):await()
-- expect stderr is: deadlock: 11 tasks wait and nothing can wake them
-- expect stderr: #1 a_deadlock_speaks_of_every_kind_of_wait.lua: await #10 last at $FILE:14
-- expect stderr is:   #2 t1: event 'ready' at $FILE:7
-- expect stderr: #3 t2: send on channel 'out' (0 of 0) at $FILE:7
-- expect stderr: #4 t3: lock 'db' held by #1 a_deadlock_speaks_of_every_kind_of_wait.lua at $FILE:7
-- expect stderr: #5 t4: semaphore 'net' (0 of 1) at $FILE:8
-- expect stderr: #6 t5: select of 2 at $FILE:8
-- expect stderr: #7 t6: fly at $FILE:9
-- expect stderr: #8 t7: sleep for ever at $FILE:9
-- expect stderr: #9 t8: scope with 1 task at $FILE:10
-- expect status: 3
