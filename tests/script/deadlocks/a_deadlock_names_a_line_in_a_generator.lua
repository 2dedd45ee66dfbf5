local event = async.event "never"
local numbers = coroutine.wrap(function()
  coroutine.yield(1)
  event:wait()
end)
spawn({name = "reader"}, function()
  for _ in numbers do end
end)
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr is:   #2 reader: event 'never' at $FILE:4
-- expect stderr is:     spawned at $FILE:6 by #1 a_deadlock_names_a_line_in_a_generator.lua
-- expect status: 3
