local lock = async.lock()
local old = lock:acquire()
lock:release()
local new = lock:acquire()
do local again <close> = old end
lock:release()                                     -- it was still held
print((pcall(lock.release, lock)))                 -- expect: false
do local again <close> = new end
print("closed at last")                            -- expect: closed at last
