print(async.scope(function() return "a", nil, "b", nil end))  -- expect: a	nil	b	nil
print(async.scope(function(s)                      -- expect: waited	for the child
  s:spawn(sleep, 1)
  return "waited", "for the child"
end))
print(select("#", async.scope(function() end)))    -- expect: 0
print(async.now())                                 -- expect: 1.0
