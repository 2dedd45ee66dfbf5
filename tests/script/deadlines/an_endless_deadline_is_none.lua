print(async.with_timeout(math.huge, sleep, 1e6))   -- expect: 1000000.0
print(async.with_timeout(1e300, sleep, 1e6))       -- expect: 1000000.0
print(async.move_on_after(math.maxinteger, sleep, 1e6))  -- expect: 1000000.0
print(async.move_on_after(math.huge, function()    -- expect: nil	timeout
  return async.move_on_after(1, sleep, 10)
end))
print(async.move_on_after(1, function()            -- expect: nil	timeout
  print("never", async.move_on_after(math.huge, sleep, 10))
end))
