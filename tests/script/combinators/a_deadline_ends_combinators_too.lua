local function closing()
  local guard <close> = async.defer(function() print("unwound", async.now()) end)
  sleep(100)
end
print(async.move_on_after(1, async.all, {closing, closing}))
-- expect: unwound	1.0
-- expect: unwound	1.0
-- expect: nil	timeout
print(async.move_on_after(1, async.map, {1, 2, 3}, closing, {limit = 1}))
-- expect: unwound	2.0
-- expect: nil	timeout
