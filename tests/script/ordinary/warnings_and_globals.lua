warn "@on"
warn("a ", "warning")
local names = {}
for name in pairs(_G) do names[#names + 1] = name end
-- Those of tinyasync come on top of Lua's own.
local own = {async = true, await = true, sleep = true, spawn = true, runner = true}
local list = {}
for _, name in ipairs(names) do if not own[name] then list[#list + 1] = name end end
table.sort(list)
print(table.concat(list, " "))
for _, library in ipairs{"coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8"} do
  local keys = {}
  for key in pairs(_G[library]) do keys[#keys + 1] = key end
  table.sort(keys)
  print(library, table.concat(keys, " "))
end
