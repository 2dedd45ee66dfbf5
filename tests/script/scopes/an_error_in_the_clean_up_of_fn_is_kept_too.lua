local ok, err = pcall(async.scope, function(s)
  s:spawn(function()
    sleep(1)
    error("child", 0)
  end)
  local guard <close> = async.defer(function() error("fn", 0) end)
  sleep(10)
end)
print(ok, err.kind, err.n, err[1], err[2])         -- expect: false	errors	2	child	fn
