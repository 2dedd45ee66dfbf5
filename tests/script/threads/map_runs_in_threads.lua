local function square(x, i) return x * x, i end
local list = async.map({1, 2, 3, 4, 5}, square, {threads = true})
print(table.concat(list, " "), list.n)       -- expect: 1 4 9 16 25	5
print(pcall(async.map, {1, 2, 3}, function(x) if x == 2 then error("two", 0) end end,
  {threads = true, limit = 1}))              -- expect: false	two
local results, errors = async.map({1, 2}, function(x) if x == 2 then error("two", 0) end return x end,
  {threads = true, keep_going = true})
print(results[1], errors[2])                 -- expect: 1	two
print(pcall(async.map, {1}, square, {threads = 5}))
-- expect: false	map: threads must be true or false, got number
print(#async.map({}, square, {threads = true}))  -- expect: 0
