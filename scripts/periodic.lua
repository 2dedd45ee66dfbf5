-- A periodic job that keeps its beat.  The job takes a while, and a loop that
-- slept the whole interval after it would come later each time: sleep until the
-- next beat instead.
--
--   tinyasync run scripts/periodic.lua

local function every(interval, job)
  local beat = async.now()
  repeat
    local go_on = job()
    -- Beats that a long job has missed are skipped, not made up for.
    repeat beat = beat + interval until beat > async.now()
    if go_on then sleep(beat - async.now()) end
  until not go_on
end

local WORK = {0.1, 0.3, 0.2, 1.2, 0.1, 0.1} -- seconds; the fourth takes too long

spawn({name = "drifting"}, function()
  for _, work in ipairs(WORK) do
    print(("%14s   drifting %.1f"):format("", async.now()))
    sleep(work)
    sleep(0.5)
  end
end)

local count = 0
every(0.5, function()
  count = count + 1
  print(("steady %.1f"):format(async.now()))
  sleep(WORK[count])
  return count < #WORK
end)

-- expect: steady 0.0
-- expect:                  drifting 0.0
-- expect: steady 0.5
-- expect:                  drifting 0.6
-- expect: steady 1.0
-- expect:                  drifting 1.4
-- expect: steady 1.5
-- expect:                  drifting 2.1
-- expect: steady 3.0
-- expect: steady 3.5
-- expect:                  drifting 3.8
-- expect:                  drifting 4.4
