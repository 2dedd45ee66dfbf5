local semaphore = async.semaphore(2)
local inside, most = 0, 0
for i = 1, 5 do
  spawn(function()
    local guard <close> = semaphore:acquire()
    inside = inside + 1
    most = math.max(most, inside)
    print(i, async.now())
    sleep(1)
    inside = inside - 1
  end)
end
-- expect: 1	0.0
-- expect: 2	0.0
-- expect: 3	1.0
-- expect: 4	1.0
-- expect: 5	2.0
sleep(5)
print(most)                                        -- expect: 2
