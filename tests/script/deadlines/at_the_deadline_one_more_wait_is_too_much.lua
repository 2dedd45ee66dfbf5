-- The sleep is due and returns; the wait after it is the deadline's, also where
-- it could go on at once.
local ch = async.channel(1)
ch:send("kept")
print(async.move_on_after(1, function()
  sleep(1)
  print("the sleep was in time", async.now())      -- expect: the sleep was in time	1.0
  ch:recv()
  print("never")
end))
-- expect: nil	timeout
print(#ch)                                         -- expect: 1
