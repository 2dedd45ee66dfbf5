-- Only a wait needs the way up to the task to be open.
local list = {3, 1, 2}
table.sort(list, function(a, b)
  local generator = coroutine.wrap(function() coroutine.yield(a < b) end)
  return generator()
end)
print(table.concat(list, " "))                     -- expect: 1 2 3
