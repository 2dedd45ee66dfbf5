-- options: --virtual-time --traceback=off
-- The cancellation of another is an error like any other, also uncaught.
local other = spawn(sleep, 1)
other:cancel "over"
other:pawait()
local task = spawn(function()
  sleep(1)
  error(other.error)
end)
-- expect stderr is: Error in task: cancelled: over
sleep(2)
print(task:status())                               -- expect: failed
-- expect status: 1
