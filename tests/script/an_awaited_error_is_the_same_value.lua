-- Whatever it is; awaiting adds no position to it.
local values = {setmetatable({}, {__tostring = function() return "object" end}), "word", 7, false}
for i = 1, 5 do
  local task = spawn(function() sleep(1) error(values[i], 0) end)
  local ok, err = pcall(await, task)
  print(i, ok, rawequal(err, values[i]), select("#", task:pawait()), rawequal(select(2, task:pawait()), values[i]))
end
-- expect: 1	false	true	2	true
-- expect: 2	false	true	2	true
-- expect: 3	false	true	2	true
-- expect: 4	false	true	2	true
-- expect: 5	false	true	2	true
local task = spawn(function() error "here" end)    -- the place is this line
print(pcall(function() await(task) end))           -- expect: false	$FILE:13: here
