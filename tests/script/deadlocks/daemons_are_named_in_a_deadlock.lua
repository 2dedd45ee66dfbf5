local go = async.event "go"
spawn({name = "keeper", daemon = true}, function() go:wait() end)
go:wait()
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr is:   #1 daemons_are_named_in_a_deadlock.lua: event 'go' at $FILE:3
-- expect stderr is:   #2 keeper (daemon): event 'go' at $FILE:2
-- expect stderr is:     spawned at $FILE:2 by #1 daemons_are_named_in_a_deadlock.lua
-- expect status: 3
