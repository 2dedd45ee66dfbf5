async.shield(function()
  async.scope(function(s)
    s:spawn(function()
      local d <close> = async.defer(function() print("closed", async.now()) end)  -- expect: closed	1.0
      sleep(100)
    end)
    sleep(1)
    os.exit(3, true)
  end)
end)
-- expect status: 3
