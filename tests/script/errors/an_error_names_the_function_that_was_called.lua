local function named(what, ok, message)
  print(what, ok, message:match("^%S+%.lua:%d+: (.*)") or message)
end
local event, lock, semaphore = async.event(), async.lock "db", async.semaphore(1)
local own = async.current()
named("pawait", pcall(own.pawait, own))            -- expect: pawait	false	pawait: a task cannot await itself
lock:with(function()
  named("with", pcall(lock.with, lock, print))     -- expect: with	false	with: lock 'db' is already held by this task
end)

local holder = spawn(function()
  local _ <close> = lock:acquire()
  local _ <close> = semaphore:acquire()
  sleep(1)
end)
sleep(0)
local function in_sort(what, method, ...)
  local arguments = table.pack(...)
  named(what, pcall(table.sort, {1, 2}, function() method(table.unpack(arguments, 1, arguments.n)) end))
end
in_sort("event", event.wait, event)
-- expect: event	false	wait: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("lock", lock.acquire, lock)
-- expect: lock	false	acquire: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("lock", lock.with, lock, print)
-- expect: lock	false	with: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("semaphore", semaphore.acquire, semaphore)
-- expect: semaphore	false	acquire: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("semaphore", semaphore.with, semaphore, print)
-- expect: semaphore	false	with: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("task", holder.await, holder)
-- expect: task	false	await: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("task", holder.pawait, holder)
-- expect: task	false	pawait: cannot wait inside table.sort, a C function that cannot be suspended
in_sort("every", async.every, 1, print)
-- expect: every	false	every: cannot wait inside table.sort, a C function that cannot be suspended
local step, state, _, closer <close> = async.as_completed{holder}
in_sort("a loop", step, state)
-- expect: a loop	false	as_completed: cannot wait inside table.sort, a C function that cannot be suspended
