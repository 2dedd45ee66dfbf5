-- options: --virtual-time
-- What as_completed returns may be asked by several tasks: each end is one's, and the
-- last one lets nobody wait.
local function job(seconds)
  return function() return sleep(seconds) end
end

local next_end, ends = async.as_completed {job(1), job(2)}
local function go_through(name)
  for index in next_end, ends do print(name, index) end
  print(name, "has heard", async.now())
end
async.all {
  function() go_through("a") end,
  function() go_through("b") end,
  function() go_through("c") end,
}
-- expect: a	1
-- expect: b	2
-- expect: b	has heard	2.0
-- expect: a	has heard	2.0
-- expect: c	has heard	2.0

-- Whoever began it may leave it.
local other
spawn(function()
  local next_left, left, _, leave <close> = async.as_completed {job(1), job(9)}
  print("first", (next_left(left)))                -- expect: first	1
  other = spawn(function() print("left", next_left(left)) end)
  sleep(1)
end):await()
other:await()                                      -- expect: left
print(async.now(), #async.tasks())                 -- expect: 4.0	1
