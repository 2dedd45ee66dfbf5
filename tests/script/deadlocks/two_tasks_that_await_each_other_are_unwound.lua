-- Each meets its own cancellation, not that of the other.
local a, b
local function wait_for(other)
  local guard <close> = async.defer(function(err) print(err) end)
  print("never", other():pawait())
end
a = spawn(wait_for, function() return b end)
b = spawn(wait_for, function() return a end)
-- expect: cancelled: deadlock
-- expect: cancelled: deadlock
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr: cycle
-- expect status: 3
