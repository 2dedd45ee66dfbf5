-- As an error of the task that raises it: what it caught is not the same event.
-- options: --virtual-time --traceback=off
local inner = spawn(function() sleep(1) error("broken", 0) end)
local outer = spawn(function()
  local _, err = pcall(await, inner)
  error("because of " .. err, 0)
end)
print(outer:pawait())                              -- expect: false	because of broken
spawn(function()
  local _, err = outer:pawait()
  error("again " .. err, 0)
end)
-- expect stderr is: Error in task: again because of broken
-- expect status: 1
