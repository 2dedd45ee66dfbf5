-- The value came before the cancellation, in the same step.
local ch = async.channel(0)
local receiver = spawn(function()
  print("got", ch:recv())                          -- expect: got	x
  sleep(0)
  print("never")
end)
sleep(0)
ch:send("x")
receiver:cancel()
print(receiver:pawait())                           -- expect: false	cancelled
