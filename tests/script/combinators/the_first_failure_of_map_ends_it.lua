print(pcall(async.map, {"slow", "fails", "next"}, function(item, index)
  print("starts", item, index)
  local guard <close> = async.defer(function() print("unwound " .. item, async.now()) end)
  if item == "fails" then
    sleep(1)
    error("item " .. index, 0)
  end
  async.shield(sleep, 3)
  sleep(10)
end, {limit = 2}))
-- expect: starts	slow	1
-- expect: starts	fails	2
-- expect: unwound fails	1.0
-- expect: unwound slow	3.0
-- expect: false	item 2
print(async.now())                                 -- expect: 3.0
