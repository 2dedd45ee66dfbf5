local function closing(name)
  local guard <close> = async.defer(function()
    async.shield(sleep, 1)
    print(name .. " unwound", async.now())
  end)
  sleep(100)
  print("never")
end
for _, combine in ipairs{async.all, async.any, async.race} do
  local given = spawn(closing, "given")
  local task = spawn(function()
    combine{given, function() closing("own") end}
    print("never")
  end)
  sleep(1)
  task:cancel()
  print(task:pawait())
end
-- expect: given unwound	2.0
-- expect: own unwound	2.0
-- expect: false	cancelled
-- expect: given unwound	4.0
-- expect: own unwound	4.0
-- expect: false	cancelled
-- expect: given unwound	6.0
-- expect: own unwound	6.0
-- expect: false	cancelled
