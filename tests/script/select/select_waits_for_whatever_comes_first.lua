-- What was handed over first is it, wherever it is listed.
local a, b = async.channel(1), async.channel(1)
spawn(function()
  sleep(1)
  b:send("from b")
  a:send("from a")
  print(#a, #b)                                    -- expect: 1	0
end)
print(async.select{a, b})                          -- expect: 2	from b
print(async.now(), a:recv())                       -- expect: 1.0	from a
