local lock = async.lock()
local sum, order = 0, true
for i = 1, 10000 do
  spawn(function()
    local guard <close> = lock:acquire()
    order = order and sum == i - 1
    sum = sum + 1
    sleep(0)
  end)
end
lock:acquire()
sleep(1)
lock:release()
lock:with(function() print(sum, order) end)        -- expect: 10000	true
