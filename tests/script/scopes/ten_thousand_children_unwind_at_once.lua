local closed, started = 0, 0
print(pcall(async.scope, function(s)               -- expect: false	enough
  for _ = 1, 10000 do
    s:spawn(function()
      started = started + 1
      local guard <close> = async.defer(function() closed = closed + 1 end)
      sleep(100)
      print("never")
    end)
  end
  sleep(1)
  error("enough", 0)
end))
print(started, closed, async.now())                -- expect: 10000	10000	1.0
