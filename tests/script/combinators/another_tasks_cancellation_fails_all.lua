local task = spawn(sleep, 10)
spawn(function()
  sleep(1)
  task:cancel("by another")
end)
local ok, err = pcall(async.all, {function() sleep(100) end, task})
print(ok, err.kind, err.reason, async.now())       -- expect: false	cancelled	by another	1.0
sleep(0)
print("the caller is not cancelled")               -- expect: the caller is not cancelled
