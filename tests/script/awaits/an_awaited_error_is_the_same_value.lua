-- Whatever it is; awaiting adds no position to it.
local values = {setmetatable({}, {__tostring = function() return "object" end}), "word", 7, false}
for i = 1, 5 do
  local task = spawn(function() sleep(1) error(values[i], 0) end)
  local ok, err = pcall(await, task)
  local again = table.pack(task:pawait())
  print(i, ok, rawequal(err, values[i]), again.n, rawequal(again[2], values[i]))
end
-- expect: 1	false	true	2	true
-- expect: 2	false	true	2	true
-- expect: 3	false	true	2	true
-- expect: 4	false	true	2	true
-- expect: 5	false	true	2	true
local task = spawn(function() error "here" end)    -- the place is this line
print(pcall(function() await(task) end))           -- expect: false	$FILE:14: here
