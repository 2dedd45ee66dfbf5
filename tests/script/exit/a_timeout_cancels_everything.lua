-- options: --virtual-time --timeout=2
spawn(function()
  local guard <close> = async.defer(function(err)
    print(err.kind, err.reason, async.now())
  end)
  pcall(sleep, 10)
  print "never"
end)
sleep(1)
print "one"                                        -- expect: one
sleep(5)
print "never"
-- expect: cancelled	timeout	2.0
-- expect stderr: timed out
-- expect status: 124
