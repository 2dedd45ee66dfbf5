print(pcall(async.scope, function(outer)
  outer:spawn(function()
    async.scope(function(inner)
      inner:spawn(function()
        local guard <close> = async.defer(function() print("grandchild", async.now()) end)
        sleep(10)
      end)
      local guard <close> = async.defer(function() print("child", async.now()) end)
      sleep(10)
    end)
    print("never")
  end)
  sleep(1)
  error("boom", 0)
end))
-- expect: child	1.0
-- expect: grandchild	1.0
-- expect: false	boom
