-- Whatever a script takes away of Lua's functions, and of the library's.
local lua, own, library = {}, {}, async
for name, value in pairs(_G) do lua[name] = value end
for name, value in pairs(async) do own[name] = value end
async.actions.mine = function() end
local pairs, print, tostring, pcall, error = pairs, print, tostring, pcall, error
local spawn, sleep, rawset = spawn, sleep, rawset

for _, module in pairs {table, string, math, coroutine, debug, library} do
  local names = {}
  for name in pairs(module) do names[#names + 1] = name end
  for _, name in pairs(names) do
    if name ~= "actions" and name ~= "tasks" then rawset(module, name, nil) end
  end
end
for name in pairs(lua) do
  if name ~= "async" then lua._G[name] = nil end
end

for name in pairs(library.actions) do print(name) end     -- expect: mine
local got = own.all {function() sleep(1) return "a" end, spawn(function() return "b" end)}
print(got[1], got[2])                                     -- expect: a	b
print(own.any {function() error("no", 0) end, function() sleep(1) return "any" end})  -- expect: any
print(own.race {function() sleep(1) return "race" end, function() sleep(9) end})  -- expect: race
print(own.map({1, 2, 3}, function(i) return i * 2 end, {limit = 2})[3])  -- expect: 6
print(own.retry(2, function(i) if i == 1 then error "x" end return "again" end, {jitter = 1}))
-- expect: again
local beats = 0
own.every(1, function() beats = beats + 1 return beats < 2 end)
print(beats, tostring(own.tree()))
-- expect: 2	#1 the_library_needs_no_global_of_the_script.lua: running at $FILE:30
-- expect: 
