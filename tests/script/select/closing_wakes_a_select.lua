local a, b = async.channel(0), async.channel(0)
spawn(function()
  sleep(1)
  b:close()
end)
print(async.select{a, b})                          -- expect: 2	nil
print(async.now())                                 -- expect: 1.0
