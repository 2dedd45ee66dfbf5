local words = "a task must yield a table with an action, got "
for _, value in ipairs{7, "word", true, print} do
  local ok, message = pcall(coroutine.yield, value)
  print(ok, message:find(words .. "a " .. type(value), 1, true) ~= nil)
end
local ok, message = pcall(coroutine.yield, {})
print(ok, message:find(words, 1, true) ~= nil)
-- expect: false	true
-- expect: false	true
-- expect: false	true
-- expect: false	true
-- expect: false	true
