-- A sleep made of the library's own parts: a helper task wakes the waiter.
async.actions.nap = function(request, wake)
  local helper = spawn(function() wake(sleep(request.delay)) end)
  return function() helper:cancel() end
end
local function nap(delay) return coroutine.yield{action = "nap", delay = delay} end
print(nap(1), nap(2), async.now())                 -- expect: 1.0	2.0	3.0
print(async.move_on_after(1, nap, 5))              -- expect: nil	timeout
sleep(0)
sleep(0)
print(async.now(), #async.tasks())                 -- expect: 4.0	1
