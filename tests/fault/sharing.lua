-- Channels, select, events, locks, semaphores, values of a task's own.

local jobs, results = async.channel(1, "jobs"), async.channel()
local stop = async.event("stop")
local lock, places = async.lock("db"), async.semaphore(2, "net")
local who = async.task_local("nobody")

local function worker(name)
  local g <close> = guard()
  who:set(name)
  for job in jobs:iter() do
    local place <close> = places:acquire()
    local total = lock:with(function()
      sleep(0.05)
      return job * 2
    end)
    results:send(total)
  end
end

for i = 1, 3 do spawn({name = "worker" .. i}, worker, i) end
spawn({name = "producer"}, function()
  for i = 1, 6 do jobs:send(i) end
  jobs:close()
end)
spawn({name = "collector"}, function()
  local sum = 0
  for _ = 1, 6 do sum = sum + results:recv() end
  log("sum", sum)
  stop:set()
end)

-- Chooses among channels, an event and a task.
spawn({name = "chooser"}, function()
  local g <close> = guard()
  local other = async.channel(math.huge)
  local sleeper = spawn(function() sleep(0.2) error("planned: selected", 0) end)
  spawn(function() sleep(0.1) other:send "x" other:close() end)
  log(async.select {other, stop, sleeper})
  log(async.select {other, stop})
  log(async.select {sleeper, stop})
  log(async.select {async.channel(), timeout = 0.1})
  log(async.select {stop, timeout = 0})
end)

-- Cancelled in each kind of queue.
local function queue(name, fn)
  return spawn({name = name}, function() local g <close> = guard() fn() end)
end
local busy = async.channel()
local held = async.lock()
local owner = spawn({name = "owner"}, function()
  held:acquire()
  log(held, busy, stop, places, who:get())
  sleep(0.5)
end) -- it ends with the lock
sleep(0)
local waiting = {
  queue("recv", function() busy:recv() end),
  queue("select", function() async.select {busy, async.event()} end),
  queue("lock", function() held:acquire() end),
  queue("with", function() held:with(sleep, 1) end),
  queue("event", function() async.event("x"):wait() end),
  queue("await", function() owner:await() end),
}
local last = queue("heir", function()
  local g <close> = held:acquire()
  log "inherited"
end)
sleep(0.1)
for _, task in ipairs(waiting) do log(task:status()) task:cancel() end
for _, task in ipairs(waiting) do log(kind(select(2, task:pawait()))) end
local sender = queue("send", function() busy:send(1) end)
sleep(0)
sender:cancel()
log(sender:pawait())
last:await()
log(pcall(held.release, held))
log(try(results.send, results, nil))
log(who:get())
stop:wait()
sleep(0.3)
