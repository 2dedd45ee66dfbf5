-- That is no failure: nothing is reported, and the status is 0.
spawn(function()
  sleep(2)
  print "the others go on"
end)
local guard <close> = async.defer(function() print "closed" end)
async.current():cancel()
print "up to the wait"                             -- expect: up to the wait
sleep(1)
print "never"
-- expect: closed
-- expect: the others go on
