local ok, err = pcall(async.with_timeout, 2, function()
  local guard <close> = async.defer(function(reason)
    print(reason.kind, reason.reason, async.now())  -- expect: cancelled	timeout	2.0
  end)
  sleep(10)
  print("never")
end)
print(ok, err.kind, err.seconds == 2)              -- expect: false	timeout	true
print(err, async.now())                            -- expect: timed out after 2 seconds	2.0
print(select(2, pcall(async.with_timeout, 0.5, sleep, 1)))  -- expect: timed out after 0.5 seconds
