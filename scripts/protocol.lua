-- What is below sleep(): a task yields a table that says what it waits for, and
-- the Runner resumes it when that has come.  The same by hand, and how to build
-- on it.
--
--   tinyasync run scripts/protocol.lua

-- This is all there is to a sleep.  The Runner hands back the seconds slept.
local function my_sleep(delay)
  return coroutine.yield {action = "sleep", delay = delay}
end

print("slept for a quarter of a second:", my_sleep(0.25) >= 0.25)

-- Yielding nothing gives up the turn: the others come first.
spawn(print, "the other task")
coroutine.yield()
print("this task again")

-- A wait is a value like any other, so it can be made here and waited for there.
local pause = {action = "sleep", delay = 0.1}
local began = async.now()
for _ = 1, 3 do coroutine.yield(pause) end
print(("three pauses: %.1f seconds"):format(async.now() - began))

-- Mistakes are raised where they are made.
print(select(2, pcall(coroutine.yield, {action = "fly"})))
print(select(2, pcall(coroutine.yield, 42)))
print(select(2, pcall(coroutine.yield, {action = "sleep", delay = "long"})))

-- In a coroutine of one's own a yield is one's own, whatever it yields; a sleep
-- still reaches the Runner.
local generator = coroutine.wrap(function()
  sleep(0.1)
  coroutine.yield {action = "sleep", delay = 1000}
end)
print("from the generator:", generator().action)

-- expect: slept for a quarter of a second:	true
-- expect: the other task
-- expect: this task again
-- expect: three pauses: 0.3 seconds
-- expect: Unknown async action 'fly'.
-- expect: a task must yield a table with an action, got a number
-- expect: sleep: delay must be a number of seconds, got string
-- expect: from the generator:	sleep
