-- At the end of a block, and while an error unwinds: the cancellation takes the
-- place of both.  An error that nobody will hear of is reported.
local function nap() return async.defer(function() sleep(5) print "never" end) end
local function tidy()
  local guard <close> = nap()
  return "never"
end
local function fail()
  local guard <close> = nap()
  error("never seen", 0)
end
local tasks = {
  spawn(function() print("never", tidy()) end),
  spawn(function() print("never", pcall(fail)) end),
  spawn(fail),
}
sleep(1)
for _, task in ipairs(tasks) do task:cancel() end
sleep(1)
for _, task in ipairs(tasks) do print(task:status(), task.error, async.now()) end
-- expect: cancelled	cancelled	2.0
-- expect: cancelled	cancelled	2.0
-- expect: cancelled	cancelled	2.0

-- expect stderr is: Error in task: never seen
-- expect stderr: task #3
-- expect stderr is: Error in task: never seen
-- expect stderr: task #4
-- expect status: 1
