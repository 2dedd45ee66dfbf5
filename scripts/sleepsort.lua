-- The sorting method that one should know and never use: each number sleeps for
-- as long as it is big.
--
--   tinyasync run scripts/sleepsort.lua [NUMBER...]

local numbers = {...}
if #numbers == 0 then numbers = {3, 1, 4, 1, 5, 9, 2, 6} end

local sorted = {}

local function wait_for(number)
  sleep(number / 10)
  sorted[#sorted + 1] = number
  if #sorted == #numbers then print(table.concat(sorted, " ")) end
end

for _, number in ipairs(numbers) do
  local seconds = assert(tonumber(number), "not a number: " .. number)
  spawn(wait_for, seconds)
end

-- expect: 1 1 2 3 4 5 6 9
