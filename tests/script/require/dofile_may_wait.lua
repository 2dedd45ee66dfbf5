package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local folder = arg[0]:gsub("[^/]*$", "modules/")
print(dofile(folder .. "nested_sleep.lua"), async.now())  -- expect: 6	3.0
