-- Lua 5.4.4 forgets to close a loop whose body makes a closure and has a break.  The
-- rest is cancelled when the task ends that began it, or nobody has the loop.
local unwound = 0
local function job(seconds)
  return function()
    local _ <close> = async.defer(function() unwound = unwound + 1 end)
    sleep(seconds)
  end
end

local function go_through(list)
  local kept
  for i in async.as_completed(list) do
    kept = function() return i end
    if i == 1 then break end
  end
  -- Nothing that follows is disturbed.
  local words = {}
  for w in ("a b c"):gmatch("%a") do words[#words + 1] = w end
  return table.concat(words), kept()
end

spawn(function()
  print(go_through {job(1), job(50), job(60)})     -- expect: abc	1
end):await()
sleep(0)
sleep(0)
print(unwound, #async.tasks(), async.now())        -- expect: 3	1	1.0

unwound = 0
print(go_through {job(1), job(50), job(60)})       -- expect: abc	1
collectgarbage()
collectgarbage()
sleep(0)
sleep(0)
print(unwound, #async.tasks(), async.now())        -- expect: 3	1	2.0

-- A deadline, or a cancellation, that ends its wait reaches the rest.
unwound = 0
print(async.move_on_after(1, go_through, {job(50), job(60)}))  -- expect: nil	timeout
sleep(0)
sleep(0)
print(unwound, #async.tasks())                     -- expect: 2	1

-- The values may be taken by hand.
unwound = 0
local next_end, state = async.as_completed {job(2), job(1)}
print(next_end(state))                             -- expect: 2	true	nil
print(next_end(state))                             -- expect: 1	true	nil
print(next_end(state))                             -- expect: 
