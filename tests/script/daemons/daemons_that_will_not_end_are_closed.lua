-- options: --virtual-time --grace=3
spawn({name = "keeper", daemon = true}, function()
  local guard <close> = async.defer(function() print("closed", async.now()) end)  -- expect: closed	4.0
  async.shield(sleep, 1000)
end)
sleep(1)
-- expect stderr is: tinyasync: 1 task did not end within 3 seconds of grace: #2 keeper
-- expect status: 1
