local me = async.current()
print(async.shield(function(...)                   -- expect: true	a	nil	b	nil
  sleep(1)
  return async.current() == me, ...
end, "a", nil, "b", nil))
print(select("#", async.shield(function() end)))   -- expect: 0
print(pcall(async.shield, error, "boom", 0))       -- expect: false	boom
print((pcall(async.shield)))                       -- expect: false
print((pcall(async.shield, 7)))                    -- expect: false
print(async.now())                                 -- expect: 1.0
