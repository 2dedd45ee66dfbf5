-- The object's __call is an object that can be called itself: it has no name of its own.
local inner = setmetatable({}, {__call = function(_, outer, word) print(outer.name, word) end})
local outer = setmetatable({name = "outer"}, {__call = inner})

print(spawn(outer, "called"))
-- expect: task #2 ?
-- expect: outer	called
