local function never() print("never") end
for _, combine in ipairs{async.all, async.any, async.race} do
  print((pcall(combine)), (pcall(combine, never)), (pcall(combine, {never, 7})))
end
-- expect: false	false	false
-- expect: false	false	false
-- expect: false	false	false
print((pcall(async.map, never)), (pcall(async.map, {1}, 7)))  -- expect: false	false
for _, limit in ipairs{0, -1, 1.5, 0/0, "two"} do
  print((pcall(async.map, {1}, never, {limit = limit})))
end
-- expect: false
-- expect: false
-- expect: false
-- expect: false
-- expect: false
for _, n in ipairs{0, -1, 1.5, 0/0, "two"} do
  print((pcall(async.retry, n, never)))
end
-- expect: false
-- expect: false
-- expect: false
-- expect: false
-- expect: false
print((pcall(async.retry, 3, 7)))                  -- expect: false
for _, combine in ipairs{async.all, async.any, async.race} do
  local ok, message = pcall(combine, {never, async.current()})
  print(ok, message:match("cannot await itself"))
end
-- expect: false	cannot await itself
-- expect: false	cannot await itself
-- expect: false	cannot await itself
sleep(1)
