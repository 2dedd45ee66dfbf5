print(async.scope(function(s)
  s:spawn(function()
    local guard <close> = async.defer(function()
      async.shield(sleep, 2)
      print("unwound", async.now())
    end)
    sleep(10)
  end)
  sleep(1)
  s:cancel()
end))
-- expect: unwound	3.0
-- expect: nil	cancelled
