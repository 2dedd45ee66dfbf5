-- Its loss is reported when the task ends that held it.
local kept
local holder = spawn({name = "holder"}, function()
  do
    local lock = async.lock("L")
    lock:acquire()
    setmetatable({lock}, {__gc = function(t) kept = t[1] end})
  end
  collectgarbage()
  collectgarbage()
end)
-- expect stderr is: Error in task: ended while it held lock 'L', which is gone
-- expect stderr is: task #2 holder
sleep(0.1)
holder = nil
collectgarbage()
collectgarbage()
collectgarbage()
print(kept)                                        -- expect: lock 'L'
kept:with(print, "free")                           -- expect: free
-- expect status: 1
