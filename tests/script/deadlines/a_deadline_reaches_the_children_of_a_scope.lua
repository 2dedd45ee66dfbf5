local child
print(async.move_on_after(1, async.scope, function(s)
  child = s:spawn(function()
    local guard <close> = async.defer(function()
      async.shield(sleep, 1)
      print("child unwound", async.now())
    end)
    sleep(10)
  end)
  local guard <close> = async.defer(function() print("fn unwound", async.now()) end)
  sleep(10)
end))
-- expect: fn unwound	1.0
-- expect: child unwound	2.0
-- expect: nil	timeout
print(child:status())                              -- expect: cancelled
print(async.move_on_after(1, async.scope, function(s)
  s:spawn(function()
    local guard <close> = async.defer(function() async.shield(sleep, 1) end)
    sleep(10)
  end)
  return "fn is over already"
end))
-- expect: nil	timeout
print(async.now())                                 -- expect: 4.0
