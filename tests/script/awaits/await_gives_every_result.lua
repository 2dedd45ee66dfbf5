local task = spawn(function() sleep(1) return 1, nil, "three", nil end)
print(select("#", await(task)), await(task))       -- expect: 4	1	nil	three	nil
print(select("#", task:await()), task:await())     -- expect: 4	1	nil	three	nil
print(task:pawait())                               -- expect: true	1	nil	three	nil
local silent = spawn(function() end)
print(select("#", await(silent)), silent:pawait())  -- expect: 0	true
local many = spawn(table.unpack, {}, 1, 250)
print(select("#", many:await()))                   -- expect: 250
