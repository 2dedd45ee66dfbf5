-- At once: whoever is next gets what is handed over before it has unwound.
local lock, semaphore = async.lock(), async.semaphore(1)
local receiving, sending = async.channel(), async.channel()
local function pair(fn)
  return spawn(function() fn "first" print "never" end), spawn(function() fn "second" end)
end
lock:acquire()
semaphore:acquire()
local first = {
  (pair(function(name)
    local guard <close> = lock:acquire()
    print(name, "has the lock")
  end)),
  (pair(function(name)
    local guard <close> = semaphore:acquire()
    print(name, "has the semaphore")
  end)),
  (pair(function(name) print(name, receiving:recv()) end)),
  (pair(function(name) sending:send(name) print(name, "has sent") end)),
}
sleep(1)
for _, task in ipairs(first) do task:cancel() end
lock:release()
semaphore:release()
receiving:send "value"
print("received", sending:recv())                  -- expect: received	second
sleep(1)
-- expect: second	has the lock
-- expect: second	has the semaphore
-- expect: second	value
-- expect: second	has sent
