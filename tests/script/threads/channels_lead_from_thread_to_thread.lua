local jobs, out = async.channel(2, "jobs"), async.channel(math.huge, "out")
jobs:send "early"
local function worker(from, to)
  local count = 0
  for job in from:iter() do
    to:send {job = job}
    count = count + 1
  end
  return count
end
local a, b = spawn(async.thread, worker, jobs, out), spawn(async.thread, worker, jobs, out)
for i = 1, 500 do jobs:send(i) end
jobs:close()
print(await(a) + await(b))                   -- expect: 501
local sum, early = 0, false
for _ = 1, 501 do
  local job = out:recv().job
  if job == "early" then early = true else sum = sum + job end
end
print(sum, early, #out)                      -- expect: 125250	true	0
print(tostring(out), out.name)               -- expect: channel 'out' (0 of inf)	out
print(pcall(jobs.send, jobs, 1))             -- expect: false	send: channel 'jobs' is closed
print(jobs:recv())                           -- expect: nil
print(jobs:try_recv())                       -- expect: nil	closed
