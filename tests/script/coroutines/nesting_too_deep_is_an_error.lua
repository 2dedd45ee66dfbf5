local deepest = 0
local function nest(depth)
  deepest = math.max(deepest, depth)
  sleep(0)
  coroutine.wrap(nest)(depth + 1)
end
local ok, message = pcall(nest, 1)
print(ok, message:find("C stack overflow", 1, true) ~= nil)  -- expect: false	true
print(deepest >= 180, deepest <= 200)              -- expect: true	true
print(sleep(1))                                    -- expect: 1.0
