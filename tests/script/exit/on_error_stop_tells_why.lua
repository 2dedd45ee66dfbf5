-- options: --virtual-time --traceback=off --on-error=stop
spawn(function()
  local guard <close> = async.defer(function(err)
    print(err.kind, err.reason, async.now())       -- expect: cancelled	an error stopped the run	1.0
    print(async.shield(sleep, 1))                  -- expect: 1.0
    spawn(print, "never")
  end)
  pcall(sleep, 10)
  print "never"
end)
sleep(1)
error("enough", 0)                                 -- expect stderr is: Error in task: enough
-- expect status: 1
