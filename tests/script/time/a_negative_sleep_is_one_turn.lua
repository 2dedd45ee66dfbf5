spawn(function()
  print("first")                                   -- expect: first
  sleep(-1)
  print("third", async.now())
  sleep(-math.huge)
  print("fifth", async.now())
end)
spawn(function()
  print("second")                                  -- expect: second
  sleep(0)
  print("fourth")
end)
-- expect: third	0.0
-- expect: fourth
-- expect: fifth	0.0
