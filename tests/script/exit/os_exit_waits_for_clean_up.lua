spawn(function()
  local guard <close> = async.defer(function(err)
    print(err.kind, err.reason, async.now())       -- expect: cancelled	exit	1.0
    print(async.shield(sleep, 4), async.now())     -- expect: 4.0	5.0
  end)
  pcall(sleep, 10)
  print "never"
end)
sleep(1)
os.exit(6, true)
-- expect status: 6
