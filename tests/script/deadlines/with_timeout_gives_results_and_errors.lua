local me = async.current()
print(async.with_timeout(5, function(...)          -- expect: true	a	nil	b	nil
  sleep(1)
  return async.current() == me, ...
end, "a", nil, "b", nil))
print(select("#", async.with_timeout(5, function() end)))  -- expect: 0
print(pcall(async.with_timeout, 5, error, "boom", 0))  -- expect: false	boom
print(async.move_on_after(5, function(...)         -- expect: true	a	nil
  sleep(1)
  return async.current() == me, ...
end, "a", nil))
print(pcall(async.move_on_after, 5, error, "boom", 0))  -- expect: false	boom
print(async.now())                                 -- expect: 2.0
