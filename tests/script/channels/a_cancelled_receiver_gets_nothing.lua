local ch = async.channel(0)
local first = spawn(function()
  print("never", ch:recv())
end)
spawn(function() print("second got", ch:recv()) end)
sleep(0)
first:cancel()
ch:send("x")
print("sent at once", async.now())                 -- expect: sent at once	0.0
-- expect: second got	x
print(first:pawait())                              -- expect: false	cancelled
local buffered = async.channel(1)
local third = spawn(function() print("never", buffered:recv()) end)
sleep(0)
third:cancel()
buffered:send("kept")
sleep(1)
print(#buffered, buffered:recv())                  -- expect: 1	kept
