-- In the pass after the one in which they were cancelled.
local tasks = {}
for i = 1, 3 do
  tasks[i] = spawn(function()
    local guard <close> = async.defer(function() print("unwinds", i) end)
    sleep(10)
  end)
end
spawn(function()
  sleep(1)
  print "due in the pass of the cancellation"
end)
sleep(1)
for i = 3, 1, -1 do tasks[i]:cancel() end
print "cancelled"                                  -- expect: cancelled
-- expect: due in the pass of the cancellation
-- expect: unwinds	1
-- expect: unwinds	2
-- expect: unwinds	3
