local results = {0, "", true, {}}
local count = 0
async.every(0.25, function()
  count = count + 1
  if count == 6 then return false end
  return results[count]
end)
print(count, async.now())                          -- expect: 6	1.5
print(pcall(async.every, 1, error, "boom"))        -- expect: false	nil
print(async.now())                                 -- expect: 2.5
