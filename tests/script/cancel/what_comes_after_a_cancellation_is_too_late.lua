-- Neither the value nor the deadline of the same instant undoes it.
local wake
async.actions.outside = function(_, w) wake = w end
local event = async.event()
local function waiting(fn, ...)
  return spawn(function(...) fn(...) print "never" end, ...)
end
local tasks = {
  waiting(coroutine.yield, {action = "outside"}), waiting(event.wait, event), waiting(sleep, 2),
}
sleep(1)
for _, task in ipairs(tasks) do task:cancel() end
print(wake "too late")                             -- expect: false
event:set()
sleep(3)
for _, task in ipairs(tasks) do print(task:status()) end
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
