-- They are runnable: time does not go on meanwhile.
spawn({daemon = true}, function()
  local guard <close> = async.defer(function()
    async.shield(function()
      for _ = 1, 5 do async.checkpoint() end
      print("turns", async.now())                  -- expect: turns	1.0
      local child = spawn({daemon = true}, function() sleep(0) return "child" end)
      print(child:await(), async.now())            -- expect: child	1.0
    end)
  end)
  sleep(10)
end)
sleep(1)
