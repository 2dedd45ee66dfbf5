-- A periodic job that keeps its beat.  The job takes a while, and a loop that
-- slept the whole interval after it would come later each time; async.every
-- waits until the next beat instead, and leaves out those that a long job missed.
--
--   tinyasync run scripts/periodic.lua

local WORK = {0.1, 0.3, 0.2, 1.2, 0.1, 0.1} -- seconds; the fourth takes too long

spawn({name = "drifting"}, function()
  for _, work in ipairs(WORK) do
    sleep(0.5)
    print(("%14s   drifting %.1f"):format("", async.now()))
    sleep(work)
  end
end)

local count = 0
async.every(0.5, function()
  count = count + 1
  print(("steady %.1f"):format(async.now()))
  sleep(WORK[count])
  return count < #WORK
end)

-- expect: steady 0.5
-- expect:                  drifting 0.5
-- expect: steady 1.0
-- expect:                  drifting 1.1
-- expect: steady 1.5
-- expect:                  drifting 1.9
-- expect: steady 2.0
-- expect:                  drifting 2.6
-- expect: steady 3.5
-- expect: steady 4.0
-- expect:                  drifting 4.3
-- expect:                  drifting 4.9
