-- A pool of workers.  Jobs go in through one channel, results come out of
-- another, and closing is how "no more" is said.  A channel with a limit holds
-- back whoever is faster than the others.
--
--   tinyasync run scripts/workers.lua

local WORKERS = 3

local jobs = async.channel(2, "jobs")
local results = async.channel(0, "results")

local function work(number)
  for job in jobs:iter() do
    sleep(job.seconds)
    results:send(("%.1f  worker %d has done %s"):format(async.now(), number, job.name))
  end
end

-- The results end when the last worker has.
spawn({name = "pool"}, function()
  async.scope(function(s)
    for number = 1, WORKERS do s:spawn({name = "worker " .. number}, work, number) end
  end)
  results:close()
end)

spawn({name = "producer"}, function()
  for i, seconds in ipairs {0.3, 0.1, 0.1, 0.5, 0.2, 0.2, 0.1} do
    jobs:send({name = "job " .. i, seconds = seconds})
  end
  jobs:close()
  print(("%.1f  all jobs are handed out"):format(async.now()))
end)

for line in results:iter() do print(line) end

-- expect: 0.1  worker 2 has done job 2
-- expect: 0.1  worker 3 has done job 3
-- expect: 0.1  all jobs are handed out
-- expect: 0.3  worker 1 has done job 1
-- expect: 0.3  worker 3 has done job 5
-- expect: 0.4  worker 3 has done job 7
-- expect: 0.5  worker 1 has done job 6
-- expect: 0.6  worker 2 has done job 4
