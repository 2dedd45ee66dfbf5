local done = spawn(function() return "result" end)
local channel, event, lock = async.channel(1), async.event(), async.lock()
channel:send "value"
event:set()
local task = spawn(function()
  async.current():cancel()
  async.shield(function()
    print(sleep(1), await(done), channel:recv())   -- expect: 1.0	result	value
    print(async.select{event}, event:wait())       -- expect: 1
    print(async.all{function() return 7 end}[1])   -- expect: 7
    print(lock:with(function() return "locked" end))  -- expect: locked
    print(async.scope(function(scope)              -- expect: child
      return scope:spawn(function() sleep(1) return "child" end):await()
    end))
  end)
  print "after it"                                 -- expect: after it
  channel:recv()
  print "never"
end)
print(task:pawait())                               -- expect: false	cancelled
