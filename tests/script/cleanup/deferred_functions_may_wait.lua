do
  local guard <close> = async.defer(function()
    sleep(1)
    print("deferred", async.now())                 -- expect: deferred	1.0
  end)
end
local task = spawn(function()
  local guard <close> = async.defer(function(err)
    print(err, err.kind)                           -- expect: cancelled: enough	cancelled
    async.shield(sleep, 1)
    print("shielded", async.now())                 -- expect: shielded	3.0
  end)
  sleep(10)
end)
sleep(1)
task:cancel("enough")
