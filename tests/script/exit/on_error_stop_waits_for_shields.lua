-- options: --virtual-time --traceback=off --on-error=stop
spawn(function()
  async.shield(sleep, 3)
  print("shielded", async.now())                   -- expect: shielded	3.0
  sleep(0)
  print "never"
end)
sleep(1)
error("enough", 0)                                 -- expect stderr is: Error in task: enough
-- expect status: 1
