-- The generator that could not wait may wait later.
local generator = coroutine.wrap(function()
  print(pcall(sleep, 5) == false)
  coroutine.yield()
  print(sleep(1))
end)
table.sort({2, 1}, function() generator() return false end)
-- expect: true
sleep(0)
generator()                                        -- expect: 1.0
print(async.now())                                 -- expect: 1.0
