-- The second failure is due in the pass of the first; the third comes from the
-- clean-up of the eldest child, which is cancelled because of the first.
local third = {}
local ok, err = pcall(async.scope, function(s)
  s:spawn(function()
    local guard <close> = async.defer(function() error(third) end)
    sleep(10)
  end)
  s:spawn(function()
    sleep(1)
    error("first", 0)
  end)
  s:spawn(function()
    sleep(1)
    error("second", 0)
  end)
  s:spawn(sleep, 10)
end)
print(ok, err.kind, err.n, #err)                   -- expect: false	errors	3	3
print(err[1], err[2], rawequal(err[3], third))     -- expect: first	second	true
