local task = spawn(function()
  local guard <close> = setmetatable({}, {__close = function(_, err)
    print("closed", err.kind, err.reason, err, async.now())
  end})
  sleep(10)
  print "never"
end)
sleep(1)
print(task:cancel "enough")                        -- expect: true
print "goes on"                                    -- expect: goes on
sleep(1)
-- expect: closed	cancelled	enough	cancelled: enough	1.0
print(task:status())                               -- expect: cancelled
print(task:pawait())                               -- expect: false	cancelled: enough
print(async.now())                                 -- expect: 2.0
