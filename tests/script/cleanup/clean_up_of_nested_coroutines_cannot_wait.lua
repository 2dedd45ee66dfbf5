local task = spawn(function()
  coroutine.wrap(function()
    local guard <close> = async.defer(function()
      local ok, message = pcall(async.shield, sleep, 1)
      print(ok, tostring(message):find("cannot wait", 1, true) ~= nil)  -- expect: false	true
    end)
    sleep(10)
  end)()
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
print(async.now())                                 -- expect: 1.0
