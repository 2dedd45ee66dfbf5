local function work(seconds, fail)
  sleep(seconds)
  if fail then error("no " .. seconds, 0) end
  return seconds, "second result"
end

local late, early = spawn(work, 2), spawn(work, 1)
sleep(3)
for index, ok, value, more in async.as_completed {
  function() return work(3) end,
  late,
  function() return work(1, true) end,
  early,                                   -- ended before
  function() end,
  spawn(work, 2),
  early,
} do
  print(index, ok, value, more, async.now())
end
-- expect: 4	true	1	nil	3.0
-- expect: 7	true	1	nil	3.0
-- expect: 2	true	2	nil	3.0
-- expect: 5	true	nil	nil	3.0
-- expect: 3	false	no 1	nil	4.0
-- expect: 6	true	2	nil	5.0
-- expect: 1	true	3	nil	6.0

for index in async.as_completed {} do print(index) end

-- One that is cancelled has ended so; its error is an error like any other.
local task = spawn(work, 5)
spawn(function() sleep(1) task:cancel("not needed") end)
for _, ok, err in async.as_completed {task} do print(ok, err.kind, err) end
-- expect: false	cancelled	cancelled: not needed

print(pcall(async.as_completed))
-- expect: false	as_completed: expected a list, got nil; put them in a list: as_completed{f, g}
print(pcall(async.as_completed, {print, 5}))
-- expect: false	as_completed: expected a function or a task at index 2, got number; pass functions, do not call them
print(pcall(async.as_completed, {async.current()}))
-- expect: false	as_completed: a task cannot await itself
print(#async.tasks())                      -- expect: 1
