local task = spawn(function()
  print(pcall(async.shield, function()
    sleep(2)
    error("out", 0)
  end))
  sleep(1)
  print "never"
end)
sleep(1)
task:cancel()
print(task:pawait())
-- expect: false	out
-- expect: false	cancelled
