local running, most = 0, 0
async.map({1, 2, 3, 4, 5}, function()
  running = running + 1
  most = math.max(most, running)
  sleep(1)
  running = running - 1
end)
print(most, async.now())                           -- expect: 5	1.0
async.map({1, 2}, sleep, {limit = 100})
print(async.now())                                 -- expect: 3.0
