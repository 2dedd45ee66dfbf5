-- The younger ones began to wait earlier.
local slow = spawn(function() sleep(3) return "result" end)
spawn(function() sleep(1) print("elder", await(slow)) end)
spawn(function() print("younger", await(slow)) end)
sleep(2)
print("eldest", await(slow))                       -- expect: eldest	result
-- expect: elder	result
-- expect: younger	result
