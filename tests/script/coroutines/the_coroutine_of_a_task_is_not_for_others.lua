local co
spawn(function()
  co = coroutine.running()
  sleep(1)
  print("undisturbed")
end)
spawn(function()
  print(coroutine.status(co))                      -- expect: normal
  print(coroutine.resume(co))                      -- expect: false	cannot resume non-suspended coroutine
  print(pcall(coroutine.close, co))                -- expect: false	cannot close a normal coroutine
end)
-- expect: undisturbed
