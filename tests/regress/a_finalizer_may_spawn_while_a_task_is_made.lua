-- Room for a task's timer was made before memory was asked for; a collection on
-- the way could run a finalizer whose own task took that room.

local ended = 0
local function litter()
  setmetatable({}, {__gc = function() spawn(function() end) end})
end

for _ = 1, 5000 do
  litter()
  spawn(function() sleep(0.01) ended = ended + 1 end)
end
sleep(1)
print(ended)                     -- expect: 5000
