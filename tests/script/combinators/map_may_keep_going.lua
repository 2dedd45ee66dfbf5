local most, running = 0, 0
local function work(x, i)
  running = running + 1
  most = math.max(most, running)
  sleep(1)
  running = running - 1
  if x % 3 == 0 then error("no " .. x, 0) end
  return x * 10
end

local results, errors = async.map({1, 2, 3, 4, 5, 6, 7}, work, {limit = 2, keep_going = true})
print(results.n, results[1], results[2], results[3], results[7], most, async.now())
-- expect: 7	10	20	nil	70	2	4.0
print(errors[3], errors[6], errors[1])             -- expect: no 3	no 6	nil

results, errors = async.map({1, 2}, work, {keep_going = true})
print(results[2], errors)                          -- expect: 20	nil
results, errors = async.map({}, work, {keep_going = true, limit = 3})
print(results.n, errors)                           -- expect: 0	nil
print(pcall(async.map, {1, 3, 2}, work, {keep_going = false}))  -- expect: false	no 3

-- One that never started is an error, and gives its place to the next.
results, errors = async.map({1, 2, 4}, function(x)
  if x == 1 then
    for _, task in ipairs(async.tasks()) do
      if task.name == "map" and task ~= async.current() then task:cancel("before it began") end
    end
  end
  sleep(1)
  return x
end, {limit = 2, keep_going = true})
print(results[1], results[2], results[3], errors[2])
-- expect: 1	nil	4	cancelled: before it began

-- A cancellation ends them all.
local ended = 0
print(async.move_on_after(1, async.map, {1, 2, 3}, function()
  local _ <close> = async.defer(function() ended = ended + 1 end)
  sleep(9)
end, {limit = 2, keep_going = true}))              -- expect: nil	timeout
print(ended, #async.tasks())                       -- expect: 2	1

print(pcall(async.map, {}, work, {keep_going = 1}))
-- expect: false	map: keep_going must be true or false, got number
