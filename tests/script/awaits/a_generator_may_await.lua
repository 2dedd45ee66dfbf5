local a = spawn(function() sleep(2) return "a" end)
local b = spawn(function() sleep(1) return "b" end)
local results = coroutine.wrap(function()
  for _, task in ipairs{a, b} do coroutine.yield(task:await()) end
end)
for result in results do print(result, async.now()) end
-- expect: a	2.0
-- expect: b	2.0
