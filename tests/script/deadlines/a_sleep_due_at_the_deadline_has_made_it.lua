print(async.with_timeout(1, sleep, 1))             -- expect: 1.0
print(async.move_on_after(1, sleep, 1))            -- expect: 1.0
print(async.with_timeout(2, function()             -- expect: in time	4.0
  sleep(0.5)
  sleep(1.5)
  return "in time", async.now()
end))
