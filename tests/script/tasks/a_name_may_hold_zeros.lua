-- Lua gets it whole; in words a zero is a blank, and ends nothing.
local task = spawn({name = "a\0b"}, function() sleep(1) error("c\0d", 0) end)
print(#task.name, #tostring(task))              -- expect: 3	11
print(#async.lock("a\0b").name, #async.channel(0, "a\0b").name)  -- expect: 3	3
print(tostring(async.event("a\0b")), tostring(async.semaphore(1, "a\0b")))
-- expect: event 'a b'	semaphore 'a b' (1 of 1)
print((async.tree():gsub("tests/.*", "")))
-- expect: #1 a_name_may_hold_zeros.lua: running at 
local ok, err = pcall(async.channel(0, "a\0b").close)
local waits = spawn(function() task:pawait() end)
sleep(0)
print(waits:status())                           -- expect: waiting	await #2 a b
print(#select(2, task:pawait()), #task.name)    -- expect: 3	3
local ended = spawn({name = "x\0"}, function() end)
ended:await()
print(#ended.name)                              -- expect: 2

-- Messages that hold one are whole.
local t = spawn(sleep, 9)
t:cancel("why\0not")
print(#tostring(select(2, t:pawait())))         -- expect: 18
local _, several = pcall(async.any, {function() error("e\0f\ng", 0) end})
print((tostring(several):gsub("%z", "0")))
-- expect: 1 error:
-- expect:   1. e0f
-- expect:      g

spawn({name = "n\0m"}, function()
  local _ <close> = async.defer(function() error("i\0j", 0) end)
  error("lost", 0)
end)
sleep(1)
-- expect stderr: task #7 n m
-- expect status: 1
