-- A module may run generators of its own, and wait in them.
local total = 0
for i in coroutine.wrap(function() for i = 1, 3 do sleep(1) coroutine.yield(i) end end) do
  total = total + i
end
return total
