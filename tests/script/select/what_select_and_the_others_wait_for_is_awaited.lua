-- None of these failures is reported.
local function failing(word) return function() sleep(1) error(word, 0) end end
print(async.select{spawn(failing "select"), async.event()})  -- expect: 1	false	select
print(pcall(async.all, {spawn(failing "all")}))    -- expect: false	all
print(pcall(async.race, {spawn(failing "race"), failing "race"}))  -- expect: false	race
print(pcall(async.any, {spawn(failing "any")}) == false)  -- expect: true
print(pcall(async.scope, function(scope) scope:spawn(failing "scope") end))  -- expect: false	scope
print(pcall(async.map, {1, 2}, failing "map"))     -- expect: false	map
