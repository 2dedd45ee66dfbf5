local function nest(depth)
  if depth == 0 then
    sleep(1)
    coroutine.yield "bottom"
    sleep(1)
    return "end"
  end
  local inner = coroutine.wrap(nest)
  local value = inner(depth - 1)
  sleep(1)
  coroutine.yield(value)
  return inner()
end
local outer = coroutine.wrap(nest)
print(outer(180), async.now())                     -- expect: bottom	181.0
print(outer(), async.now())                        -- expect: end	182.0
