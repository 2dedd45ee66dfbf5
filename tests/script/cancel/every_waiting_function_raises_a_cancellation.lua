-- Each of them could go on at once; the task that calls it is cancelled.
local full, room = async.channel(1), async.channel(1)
local event, lock, semaphore = async.event(), async.lock(), async.semaphore(1)
local done = spawn(function() return "result" end)
full:send("kept")
event:set()
sleep(0)
local function called() print("it was called") end
local function try(name, f)
  local ok, err = spawn(function()
    async.current():cancel()
    f()
    print(name .. " went on")
  end):pawait()
  print(name, ok, err and err.kind)
end
try("sleep", function() sleep(0) end)              -- expect: sleep	false	cancelled
try("checkpoint", async.checkpoint)                -- expect: checkpoint	false	cancelled
try("every", function() async.every(1, called) end)  -- expect: every	false	cancelled
try("await", function() await(done) end)           -- expect: await	false	cancelled
try("await action", function() await{action = "sleep", delay = 0} end)  -- expect: await action	false	cancelled
try("task:await", function() done:await() end)     -- expect: task:await	false	cancelled
try("task:pawait", function() done:pawait() end)   -- expect: task:pawait	false	cancelled
try("scope", function() async.scope(called) end)   -- expect: scope	false	cancelled
try("with_timeout", function() async.with_timeout(1, called) end)  -- expect: with_timeout	false	cancelled
try("move_on_after", function() async.move_on_after(1, called) end)  -- expect: move_on_after	false	cancelled
try("all", function() async.all{} end)             -- expect: all	false	cancelled
try("any", function() async.any{done} end)         -- expect: any	false	cancelled
try("race", function() async.race{done} end)       -- expect: race	false	cancelled
try("map", function() async.map({}, called) end)   -- expect: map	false	cancelled
try("retry", function() async.retry(3, called) end)  -- expect: retry	false	cancelled
try("send", function() room:send("refused") end)   -- expect: send	false	cancelled
try("recv", function() full:recv() end)            -- expect: recv	false	cancelled
try("iter", function() for _ in full:iter() do called() end end)  -- expect: iter	false	cancelled
try("select", function() async.select{event, timeout = 0} end)  -- expect: select	false	cancelled
try("event:wait", function() event:wait() end)     -- expect: event:wait	false	cancelled
try("lock:acquire", function() lock:acquire() end)  -- expect: lock:acquire	false	cancelled
try("lock:with", function() lock:with(called) end)  -- expect: lock:with	false	cancelled
try("semaphore:acquire", function() semaphore:acquire() end)  -- expect: semaphore:acquire	false	cancelled
try("semaphore:with", function() semaphore:with(called) end)  -- expect: semaphore:with	false	cancelled
print(#full, #room, full:recv())                   -- expect: 1	0	kept
lock:with(print, "free")                           -- expect: free
semaphore:with(print, "free")                      -- expect: free
