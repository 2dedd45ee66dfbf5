spawn(function() sleep(math.huge) end)
spawn(function()
  sleep(1e9)
  print(async.now())                               -- expect: 1000000000.0
  os.exit(0, true)
end)
