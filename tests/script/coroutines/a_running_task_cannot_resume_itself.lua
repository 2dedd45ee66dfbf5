-- Nor is one between its turns, or the one that resumes.
local co
spawn(function()
  co = coroutine.running()
  sleep(0)
  print(coroutine.status(co), coroutine.isyieldable())  -- expect: running	true
  local inner = coroutine.create(function()
    print(coroutine.status(co))                    -- expect: normal
    print(coroutine.resume(co))                    -- expect: false	cannot resume non-suspended coroutine
    print(pcall(coroutine.close, co))              -- expect: false	cannot close a normal coroutine
  end)
  print(coroutine.resume(inner))                   -- expect: true
  print(pcall(coroutine.close, co))                -- expect: false	cannot close a running coroutine
end)
