local semaphore = async.semaphore(2, "net")
print(pcall(semaphore.release, semaphore))         -- expect: false	release: semaphore 'net' has all its 2
semaphore:acquire()
semaphore:release()
print(pcall(function()
  semaphore:release()      -- expect: false	$FILE:$LINE: release: semaphore 'net' has all its 2
end))
semaphore:acquire()
semaphore:acquire()
print(async.move_on_after(0, semaphore.acquire, semaphore))  -- expect: nil	timeout
