local slow = spawn(function()
  sleep(2)
  print("not cancelled", async.now())
  return "slow"
end)
local fast = spawn(function()
  sleep(1)
  return "fast"
end)
print(async.select{slow, fast})                    -- expect: 2	true	fast
-- expect: not cancelled	2.0
print(async.select{slow})                          -- expect: 1	true	slow
