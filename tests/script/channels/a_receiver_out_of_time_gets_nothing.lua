local ch = async.channel(0)
spawn(function()
  print(async.move_on_after(1, ch.recv, ch))       -- expect: nil	timeout
  sleep(2)
  print("later", ch:recv())                        -- expect: later	x
end)
sleep(2)
ch:send("x")
print("taken", async.now())                        -- expect: taken	3.0
