-- And the clock advances by what was waited; sleeps beside it come in their order.
local process = async.process
local began = async.now()
process.run{"sleep", "0.3"}
-- expect: true
print(async.now() - began >= 0.25)
-- expect: true
print(process.try{"sleep", "100", timeout = 0.3}.timed_out)
spawn(function()
  sleep(0.1)
  print "short"
end)
process.run{"sleep", "0.5"}
-- expect: short
-- expect: long
print "long"
