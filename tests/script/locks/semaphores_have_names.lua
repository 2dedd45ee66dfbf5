local semaphore = async.semaphore(2, "net")
print(semaphore.name, async.semaphore(1).name)     -- expect: net	nil
print(semaphore)                                   -- expect: semaphore 'net' (2 of 2)
semaphore:acquire()
print(semaphore)                                   -- expect: semaphore 'net' (1 of 2)
semaphore:acquire()
local task = spawn(semaphore.acquire, semaphore)
sleep(0)
print(task:status())                               -- expect: waiting	semaphore 'net' (0 of 2)
task:cancel()
local function try(...) print(pcall(async.semaphore, ...)) end
try(0)      -- expect: false	semaphore: the count must be a whole number from 1 on, got 0
try(-1)     -- expect: false	semaphore: the count must be a whole number from 1 on, got -1
try(1.5)    -- expect: false	semaphore: the count must be a whole number from 1 on, got 1.5
try(0/0)    -- expect: false	semaphore: the count must be a whole number from 1 on, got nan
try("one")  -- expect: false	semaphore: expected a count, got string; it comes first: semaphore(3, name)
print((pcall(async.semaphore, 1, {})))             -- expect: false
print((pcall(semaphore.acquire, {})))              -- expect: false
