local kept
async.scope(function(s) kept = s end)
print(pcall(function()
  kept:spawn(print)        -- expect: false	$FILE:$LINE: spawn: the scope has ended
end))
pcall(async.scope, function(s)
  kept = s
  s:cancel()
end)
print(pcall(kept.spawn, kept, print))              -- expect: false	spawn: the scope has ended
