-- The error is raised at the yield; caught, all goes on.
local function inside()
  print(select(2, pcall(coroutine.yield, "out")))
  return "went on"
end
local generator = coroutine.wrap(function()
  print(async.scope(inside))
  print(async.with_timeout(1, inside))
  print(async.move_on_after(1, inside))
  print(async.shield(inside))
  coroutine.yield "after them"
  return "end"
end)
print(generator())
-- expect: cannot yield out of async.scope (opened at $FILE:7)
-- expect: went on
-- expect: cannot yield out of async.with_timeout (opened at $FILE:8)
-- expect: went on
-- expect: cannot yield out of async.move_on_after (opened at $FILE:9)
-- expect: went on
-- expect: cannot yield out of async.shield (opened at $FILE:10)
-- expect: went on
-- expect: after them
print(generator())                                 -- expect: end
