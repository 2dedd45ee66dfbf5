local task = spawn(function()
  local guard <close> = async.defer(function()
    async.shield(function()
      print(async.move_on_after(1, sleep, 10))     -- expect: nil	timeout
      local ok, err = pcall(async.with_timeout, 1, sleep, 10)
      print(ok, err.kind)                          -- expect: false	timeout
      print(async.scope(function(scope) scope:cancel() sleep(1) end))  -- expect: nil	cancelled
      print(async.now())                           -- expect: 3.0
    end)
  end)
  sleep(10)
end)
sleep(1)
task:cancel()
