-- Two are let in; the elder of them steps first.
local semaphore = async.semaphore(2)
semaphore:acquire()
semaphore:acquire()
for i = 1, 3 do
  spawn(function()
    sleep(3 - i)
    semaphore:acquire()
    print("task " .. i, async.now())
  end)
end
sleep(5)
semaphore:release()
semaphore:release()
-- expect: task 2	5.0
-- expect: task 3	5.0
sleep(1)
semaphore:release()
-- expect: task 1	6.0
