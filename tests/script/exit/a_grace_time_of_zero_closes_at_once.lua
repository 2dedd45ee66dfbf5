-- options: --virtual-time --grace=0
spawn({name = "slow"}, function()
  local guard <close> = async.defer(function() print("closed", async.now()) end)  -- expect: closed	1.0
  async.shield(sleep, 10)
  print "never"
end)
sleep(1)
os.exit(2, true)
-- expect stderr: #2 slow
-- expect status: 2
