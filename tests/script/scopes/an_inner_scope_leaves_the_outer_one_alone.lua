print(async.scope(function(outer)
  outer:spawn(function()
    sleep(2)
    print("child of the outer", async.now())
  end)
  print(async.scope(function(inner)                -- expect: nil	cancelled
    inner:spawn(sleep, 10)
    sleep(1)
    inner:cancel()
  end))
  print(pcall(async.scope, function(inner)         -- expect: false	inner
    inner:spawn(function() error("inner", 0) end)
  end))
  print(async.now())                               -- expect: 1.0
  return "outer"
end))
-- expect: child of the outer	2.0
-- expect: outer
