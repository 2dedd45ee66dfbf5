spawn({name = "slow"}, function()
  local guard <close> = async.defer(function() print("closed", async.now()) end)  -- expect: closed	6.0
  async.shield(sleep, 100)
end)
sleep(1)
os.exit(true, true)
-- expect stderr: tinyasync: 1 task did not end within 5 seconds of grace: #2 slow
