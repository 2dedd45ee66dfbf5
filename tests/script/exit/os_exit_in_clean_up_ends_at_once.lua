spawn(function()
  local guard <close> = async.defer(function()
    print "exits"                                  -- expect: exits
    os.exit(9)
  end)
  sleep(10)
end)
spawn(function()
  local guard <close> = async.defer(function() print "never" end)
  sleep(10)
end)
sleep(1)
os.exit(3, true)
-- expect status: 9
