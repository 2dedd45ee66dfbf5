local generator = coroutine.wrap(function() sleep(2) return "slept" end)
spawn(function() print(generator()) end)
spawn(function()
  print(pcall(generator))                          -- expect: false	cannot resume non-suspended coroutine
  print(pcall(function() generator() end))         -- expect: false	$FILE:$LINE: cannot resume non-suspended coroutine
end)
-- expect: slept
