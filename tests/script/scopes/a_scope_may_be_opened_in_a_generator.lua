local generator = coroutine.wrap(function()
  for i = 1, 2 do
    local ok, err = pcall(async.scope, function(s)
      s:spawn(function()
        sleep(1)
        if i == 2 then error("in round 2", 0) end
      end)
      sleep(2)
    end)
    coroutine.yield(ok, err, async.now())
  end
end)
print(generator())                                 -- expect: true	nil	2.0
print(generator())                                 -- expect: false	in round 2	3.0
