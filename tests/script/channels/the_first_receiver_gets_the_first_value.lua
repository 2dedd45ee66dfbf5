-- And the elder steps first all the same.
local ch = async.channel(0)
spawn(function()
  sleep(1)
  print("elder got", ch:recv())
end)
spawn(function() print("younger got", ch:recv()) end)
sleep(2)
ch:send("first")
ch:send("second")
-- expect: elder got	second
-- expect: younger got	first
