-- options: --virtual-time --timeout=1
local guard <close> = async.defer(function(err) print(err.reason) end)  -- expect: timeout
spawn(function() while true do pcall(coroutine.yield) end end)
while true do sleep(0) end
-- expect stderr: timed out
-- expect status: 124
