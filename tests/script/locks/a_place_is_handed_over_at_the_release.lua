local semaphore = async.semaphore(1)
semaphore:acquire()
spawn(function()
  semaphore:acquire()
  print("the waiter has it")
  sleep(1)
  semaphore:release()
end)
sleep(0)
semaphore:release()
semaphore:acquire()
print("and back", async.now())
-- expect: the waiter has it
-- expect: and back	1.0
semaphore:release()
print(pcall(semaphore.release, semaphore) == false)  -- expect: true
