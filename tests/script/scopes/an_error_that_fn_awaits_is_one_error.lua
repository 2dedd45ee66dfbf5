local awaited = 0
local ok, err = pcall(async.scope, function(s)
  local child = s:spawn(function()
    sleep(1)
    error("boom", 0)
  end)
  awaited = select(2, child:pawait())
  child:await()
end)
print(ok, err, awaited)                            -- expect: false	boom	boom
