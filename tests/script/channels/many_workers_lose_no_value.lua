local jobs, results = async.channel(3), async.channel(0)
for p = 1, 10 do
  spawn(function()
    for i = 1, 100 do
      jobs:send(p * 1000 + i)
      if i % p == 0 then sleep(0) end
    end
    if p == 10 then
      sleep(1000)
      jobs:close()
    end
  end)
end
for w = 1, 7 do
  spawn(function()
    for job in jobs:iter() do
      if job % w == 0 then sleep(w) end
      results:send(job)
    end
  end)
end
local seen, count = {}, 0
for _ = 1, 1000 do
  local job = results:recv()
  if not seen[job] then count = count + 1 end
  seen[job] = true
end
print(count, #jobs)                                -- expect: 1000	0
