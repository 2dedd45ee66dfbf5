-- They have unwound when the loop is left, in whatever way.
local unwound
local function list()
  unwound = 0
  local tasks = {}
  for i = 1, 4 do
    tasks[i] = function()
      local _ <close> = async.defer(function()
        async.shield(sleep, 0.5)
        unwound = unwound + 1
      end)
      sleep(i)
      return i
    end
  end
  return tasks
end

for i in async.as_completed(list()) do
  if i == 2 then break end
end
print(unwound, async.now(), #async.tasks())        -- expect: 4	3.0	1

local function returns()
  for i, _, v in async.as_completed(list()) do return v end
end
print(returns(), unwound)                          -- expect: 1	4

print(pcall(function()
  for _ in async.as_completed(list()) do error("mine", 0) end
end))
print(unwound)
-- expect: false	mine
-- expect: 4

do
  for _ in async.as_completed(list()) do goto out end
end
::out::
print(unwound)                                     -- expect: 4

-- A deadline around it, met in the loop's wait and in its body.
print(async.move_on_after(1, function()
  for _ in async.as_completed(list()) do sleep(9) end
end))
print(unwound)
-- expect: nil	timeout
-- expect: 4
print(async.move_on_after(2, function()
  for _ in async.as_completed(list()) do end
end))
print(unwound)
-- expect: nil	timeout
-- expect: 4

-- The task that goes through it is cancelled.
local task = spawn(function()
  for _ in async.as_completed(list()) do end
end)
sleep(1.2)
task:cancel()
task:pawait()
print(unwound)                                     -- expect: 4

-- A task of the list that was there before is cancelled, too.
local given = spawn(sleep, 100)
for _ in async.as_completed {function() end, given} do break end
print(given:status())                              -- expect: cancelled

-- In a generator, which may yield meanwhile.
local walk = coroutine.wrap(function()
  for i in async.as_completed(list()) do coroutine.yield(i) end
end)
print(walk(), walk())                              -- expect: 1	2
walk = nil
collectgarbage()
collectgarbage()
sleep(1)
print(unwound, #async.tasks())                     -- expect: 4	1

-- What goes wrong in clean-up is told.
for _ in async.as_completed {
  function() end,
  function()
    local _ <close> = async.defer(function() error("in clean-up", 0) end)
    sleep(9)
  end,
} do break end
-- expect stderr: Error in task: in clean-up
-- expect status: 1
