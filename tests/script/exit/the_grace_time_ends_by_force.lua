-- options: --virtual-time --grace=2
spawn({name = "slow"}, function()
  local outer <close> = async.defer(function()
    print("slow", pcall(async.shield, sleep, 1) == false, async.now())
  end)
  async.shield(sleep, 100)
  print "never"
end)
spawn({name = "busy"}, function()
  local guard <close> = async.defer(function() print("busy", async.now()) end)
  async.shield(function()
    while true do
      local inner <close> = async.defer(function() if async.now() >= 3 then print "inner" end end)
      sleep(0.4)
    end
  end)
end)
spawn({name = "quick"}, function() async.shield(sleep, 2) print("quick", async.now()) end)
sleep(1)
os.exit(7, true)
-- expect: quick	2.0
-- expect: slow	true	3.0
-- expect: inner
-- expect: busy	3.0
-- expect stderr is: tinyasync: 2 tasks did not end within 2 seconds of grace: #2 slow, #3 busy
-- expect status: 7
