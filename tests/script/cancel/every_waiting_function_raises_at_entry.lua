-- Also where it could go on at once: what it waits for is there.
local done = spawn(function() return "result" end)
local failed = spawn(error, "broken")
failed:pawait()
local full, closed = async.channel(2), async.channel(1)
full:send "value"
closed:close()
local event, lock, semaphore = async.event(), async.lock(), async.semaphore(1)
event:set()
local function never() print "a body ran" return false end
local object = setmetatable({}, {__await = never})
async.actions.ready = function(_, wake) print "a handler ran" wake() end
local ways = {
  {"sleep", sleep, 0}, {"sleep long", sleep, 1}, {"checkpoint", async.checkpoint},
  {"turn", coroutine.yield}, {"yield", coroutine.yield, {action = "sleep", delay = 0}},
  {"action", coroutine.yield, {action = "ready"}},
  {"await", await, done}, {"await failed", await, failed}, {"await object", await, object},
  {"await action", await, {action = "ready"}}, {"task:await", done.await, done},
  {"pawait", done.pawait, done}, {"pawait failed", failed.pawait, failed},
  {"scope", async.scope, never}, {"with_timeout", async.with_timeout, 1, never},
  {"with_timeout 0", async.with_timeout, 0, never},
  {"move_on_after", async.move_on_after, 1, never}, {"move_on_after 0", async.move_on_after, 0, never},
  {"all nothing", async.all, {}}, {"all", async.all, {never}}, {"all done", async.all, {done}},
  {"any", async.any, {done}}, {"race", async.race, {done}}, {"race failed", async.race, {failed}},
  {"map nothing", async.map, {}, never}, {"map", async.map, {1}, never},
  {"retry", async.retry, 1, never}, {"every", async.every, 1, never},
  {"recv", full.recv, full}, {"recv closed", closed.recv, closed}, {"iter", full:iter()},
  {"send", full.send, full, "more"}, {"select", async.select, {full}},
  {"select event", async.select, {event, timeout = 0}}, {"select task", async.select, {done}},
  {"event", event.wait, event}, {"lock", lock.acquire, lock}, {"lock:with", lock.with, lock, never},
  {"semaphore", semaphore.acquire, semaphore}, {"semaphore:with", semaphore.with, semaphore, never},
}
for _, way in ipairs(ways) do
  way.task = spawn(function()
    async.current():cancel()
    way[2](table.unpack(way, 3))
    print("went on", way[1])
  end)
end
sleep(1)
for _, way in ipairs(ways) do
  if way.task:status() ~= "cancelled" then print(way[1], way.task:status()) end
end
print(#ways, "looked at", #full)                   -- expect: 40	looked at	1
lock:acquire()
semaphore:acquire()
lock:release()
