spawn(function()
  print("first")                                   -- expect: first
  async.checkpoint()
  print("third", async.now())
end)
spawn(function() print("second") end)              -- expect: second
-- expect: third	0.0
