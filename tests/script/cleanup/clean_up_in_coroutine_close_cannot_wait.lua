local co = coroutine.create(function()
  local guard <close> = setmetatable({}, {__close = function()
    print(pcall(sleep, 1))
  end})
  sleep(1)
  coroutine.yield()
end)
coroutine.resume(co)
print(coroutine.close(co), coroutine.status(co))
-- expect: false	sleep: cannot wait in clean-up run by coroutine.close
-- expect: true	dead
sleep(1)
print(async.now())                                 -- expect: 2.0
