print(async.with_timeout(1, function()             -- expect: late, but made it	5.0
  async.shield(sleep, 5)
  return "late, but made it", async.now()
end))
print(pcall(async.with_timeout, 1, function()      -- expect: false	an error as late
  async.shield(sleep, 5)
  error("an error as late", 0)
end))
sleep(1)
print(async.now())                                 -- expect: 11.0
