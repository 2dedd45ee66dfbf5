local wake
async.actions.outside = function(_, w) wake = w end
spawn(function() sleep(1) wake() print "woken" end)  -- expect: woken
spawn(function() coroutine.yield{action = "outside"} print "steps" end)
spawn(function() sleep(1) print "due in that pass" end)  -- expect: due in that pass
-- expect: steps
