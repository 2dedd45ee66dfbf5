local co = coroutine.create(function() sleep(2) return "slept" end)
spawn(function()
  print(coroutine.resume(co))
end)
spawn(function()
  print(coroutine.status(co))                      -- expect: normal
  print(coroutine.resume(co))                      -- expect: false	cannot resume non-suspended coroutine
  print(pcall(coroutine.close, co))                -- expect: false	cannot close a normal coroutine
  sleep(1)
  print(coroutine.status(co))                      -- expect: normal
end)
-- expect: true	slept
