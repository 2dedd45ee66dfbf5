print(async.move_on_after(2, function()
  local guard <close> = async.defer(function() print("unwinds", async.now()) end)
  print(pcall(sleep, 10))
  print("never")
end))
-- expect: unwinds	2.0
-- expect: nil	timeout
sleep(1)
print("goes on", async.now())                      -- expect: goes on	3.0
