local semaphore = async.semaphore(1)
semaphore:acquire()
spawn(function() semaphore:release() end)
semaphore:acquire()
print("released by another", async.now())          -- expect: released by another	0.0
