local ch, jobs = async.channel(3), async.channel(3, "jobs")
ch:close()
jobs:close()
print(pcall(ch.send, ch, 1))                       -- expect: false	send: the channel is closed
print(pcall(jobs.send, jobs, 1))                   -- expect: false	send: channel 'jobs' is closed
print(pcall(function()
  jobs:send(1)             -- expect: false	$FILE:$LINE: send: channel 'jobs' is closed
end))
print(#jobs, jobs:recv())                          -- expect: 0	nil
