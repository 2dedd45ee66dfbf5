local lock = async.lock()
local holders = 0
for i = 1, 3 do
  spawn(function()
    local guard <close> = lock:acquire()
    holders = holders + 1
    print(i, holders, async.now())
    sleep(1)
    holders = holders - 1
  end)
end
-- expect: 1	1	0.0
-- expect: 2	1	1.0
-- expect: 3	1	2.0
