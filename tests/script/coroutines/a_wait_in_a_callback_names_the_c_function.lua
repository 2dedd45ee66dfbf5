local function try(name, fn, ...)
  local ok, message = pcall(fn, ...)
  print(ok, message:find(": cannot wait inside ", 1, true) ~= nil, message:find(name, 1, true) ~= nil)
end
local function nap() sleep(1) end
try("table.sort", table.sort, {3, 2, 1}, nap)      -- expect: false	true	true
try("string.gsub", string.gsub, "abc", ".", nap)   -- expect: false	true	true
print(load(nap))                                   -- expect: nil	$FILE:5: sleep: cannot wait inside load, a C function that cannot be suspended
try("string.gsub", function() return ("abc"):gsub(".", nap) end)  -- expect: false	true	true
try("table.sort", function()
  table.sort({3, 2, 1}, coroutine.wrap(function() sleep(1) end))
end)
-- expect: false	true	true
try("table.sort", table.sort, {3, 2, 1}, function() coroutine.yield{action = "sleep", delay = 1} end)
-- expect: false	true	true
print(async.now())                                 -- expect: 0.0
