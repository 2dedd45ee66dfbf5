-- Its holder has ended: nobody will give it back.
local db = async.semaphore(2, "db")
spawn({name = "writer"}, function() db:acquire() end)
spawn({name = "reader"}, function() db:acquire() end)
sleep(1)
local late = spawn({name = "late"}, function() db:acquire() end)
sleep(1)
print(late:status())
-- expect: waiting	semaphore 'db' (0 of 2), a place held by #2 writer, which has ended, and 1 more
late:await()
-- expect stderr: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr: #4 late: semaphore 'db' (0 of 2), a place held by #2 writer, which has ended, and 1 more at
-- expect status: 3
