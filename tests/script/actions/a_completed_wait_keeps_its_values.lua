-- They were woken, and then cancelled before their turn came.
local channel, event, lock = async.channel(), async.event(), async.lock()
local ended, wake
async.actions.outside = function(_, w) wake = w return function() print "never given up" end end
local function waiting(name, fn, ...)
  local arguments = table.pack(...)
  return spawn(function()
    print(name, fn(table.unpack(arguments, 1, arguments.n)))
    sleep(0)
    print "never"
  end)
end
local release = async.event()
local sub = spawn(function() release:wait() return "result" end)
lock:acquire()
local tasks = {
  waiting("recv", channel.recv, channel), waiting("event", event.wait, event),
  waiting("action", coroutine.yield, {action = "outside"}), waiting("await", await, sub),
  waiting("pawait", sub.pawait, sub),
  waiting("lock", function() local guard <close> = lock:acquire() end),
}
sleep(1)
release:set()
sleep(0)
sleep(0)                                           -- sub has ended in the pass before this one
channel:send "value"
event:set()
wake("woken", nil)
lock:release()
for _, task in ipairs(tasks) do task:cancel() end
sleep(1)
-- expect: await	result
-- expect: pawait	true	result
-- expect: recv	value
-- expect: event
-- expect: action	woken	nil
-- expect: lock
for _, task in ipairs(tasks) do print(task:status()) end
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
