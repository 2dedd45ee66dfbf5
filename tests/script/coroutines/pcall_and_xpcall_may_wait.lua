print(pcall(sleep, 1))                             -- expect: true	1.0
print(pcall(pcall, pcall, sleep, 1))               -- expect: true	true	true	1.0
print(pcall(function() sleep(1) error("late", 0) end))  -- expect: false	late
local function handler(message) return "handled " .. message end
print(xpcall(sleep, handler, 1))                   -- expect: true	1.0
print(xpcall(function() sleep(1) error("late", 0) end, handler))  -- expect: false	handled late
print(xpcall(function()
  return select(2, pcall(function() sleep(1) error("inner", 0) end))
end, handler))                                     -- expect: true	inner
print(async.now())                                 -- expect: 6.0
