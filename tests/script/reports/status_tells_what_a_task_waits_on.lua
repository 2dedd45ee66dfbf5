package.path = arg[0]:gsub("[^/]*/[^/]*$", "require/modules/?.lua")
local lock, semaphore = async.lock "db", async.semaphore(2, "net")
local out, event = async.channel(1, "out"), async.event "ready"
local guard <close> = lock:acquire()
semaphore:acquire()
semaphore:acquire()
out:send "full"
async.actions.fly = function() end
local slow = spawn({name = "slow"}, require, "once")  -- expect: loading	once	tests/script/require/modules/once.lua
local ways = {
  {sleep, 0.25}, {sleep, math.huge}, {await, slow}, {slow.pawait, slow}, {require, "once"},
  {coroutine.yield, {action = "fly"}}, {await, {action = "sleep", delay = 3}},
  {event.wait, event}, {out.send, out, "more"},
  {function(channel) channel:recv() end, async.channel(4, "jobs")},
  {function(channel) channel:recv() end, async.channel()},
  {function(channel) for _ in channel:iter() do end end, async.channel(math.huge)},
  {lock.acquire, lock}, {semaphore.acquire, semaphore},
  {async.select, {event, async.channel(), slow}},
  {async.scope, function(scope) scope:spawn(sleep, 9) scope:spawn(sleep, 9) end},
  {coroutine.wrap(function() sleep(2) end)},
}
for _, way in ipairs(ways) do way.task = spawn(table.unpack(way)) end
sleep(0)
for _, way in ipairs(ways) do print(way.task:status()) end
-- expect: waiting	sleep 0.25s
-- expect: waiting	sleep for ever
-- expect: waiting	await #2 slow
-- expect: waiting	await #2 slow
-- expect: waiting	require 'once'
-- expect: waiting	fly
-- expect: waiting	sleep 3s
-- expect: waiting	event 'ready'
-- expect: waiting	send on channel 'out' (1 of 1)
-- expect: waiting	recv on channel 'jobs' (0 of 4)
-- expect: waiting	recv on channel (0 of 0)
-- expect: waiting	recv on channel (0 of inf)
-- expect: waiting	lock 'db' held by #1 status_tells_what_a_task_waits_on.lua
-- expect: waiting	semaphore 'net' (0 of 2)
-- expect: waiting	select of 3
-- expect: waiting	scope with 2 tasks
-- expect: waiting	sleep 2s
os.exit(0, true)
