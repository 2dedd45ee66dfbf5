-- options: --virtual-time --timeout=1
spawn(function()
  async.shield(sleep, 3)
  print("shielded", async.now())
  sleep(0)
  print "never"
end)
local guard <close> = async.defer(function()
  print("closed", async.shield(sleep, 4), async.now())
end)
sleep(10)
-- expect: shielded	3.0
-- expect: closed	4.0	5.0
-- expect stderr: timed out
-- expect status: 124
