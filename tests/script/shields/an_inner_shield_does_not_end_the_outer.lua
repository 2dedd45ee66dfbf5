local task = spawn(function()
  async.shield(function()
    async.shield(sleep, 2)
    pcall(async.shield, error, "out of the inner one")
    sleep(1)
    print("still shielded", async.now())           -- expect: still shielded	3.0
  end)
  print "no longer"                                -- expect: no longer
  sleep(1)
  print "never"
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
