local code = [[
local function item() error("broken", 0) end
spawn(function() async.map({1}, item) end)
spawn(function() async.every(1, item) end)
spawn(function() async.retry(2, item) end)
spawn(function() async.all{item} end)
spawn(function() async.any{function() sleep(1) end}; async.race{item} end)
]]
local pipe <close> = io.popen(arg[-2] .. " run --virtual-time -e '" .. code .. "' 2>&1")
local text = pipe:read "a"
print(select(2, text:gsub("Error in task: broken\n", "")))  -- expect: 5
print(select(2, text:gsub("%-e:1: in ", "")))      -- expect: 5
print(text:find("(tinyasync)", 1, true), text:find("[C]: in ?", 1, true))  -- expect: nil	nil
