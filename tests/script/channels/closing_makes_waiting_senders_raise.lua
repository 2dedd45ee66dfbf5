local ch = async.channel(1, "jobs")
spawn(function()
  ch:send("buffered")
  print(pcall(function()
    ch:send("refused")     -- expect: false	$FILE:$LINE: send: channel 'jobs' is closed
  end))
end)
local meeting = async.channel(0)
spawn(function()
  print(pcall(meeting.send, meeting, "refused"))   -- expect: false	send: the channel is closed
end)
sleep(1)
ch:close()
meeting:close()
sleep(1)
print(ch:recv(), ch:recv(), meeting:recv())        -- expect: buffered	nil	nil
