local ch = async.channel(0)
local task = spawn(function()
  print(async.select{ch})                          -- expect: 1	x
  sleep(0)
  print("never")
end)
sleep(0)
ch:send("x")
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
