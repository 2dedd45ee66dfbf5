local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function clean(value)
  return (tostring(value):gsub(folder:gsub("%p", "%%%0"), "FOLDER"):gsub("0x%x+", "ADDRESS"))
end
local plain_print = print
function print(...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = clean(values[i]) end
  plain_print(table.unpack(values, 1, values.n))
end
local function module(name, text)
  local file <close> = io.open(folder .. "/" .. name .. ".lua", "w")
  file:write(text)
end

package.path, package.cpath = folder .. "/?.lua;" .. folder .. "/?/init.lua", folder .. "/?.so"
module("plain", "print(...) print(debug.traceback 'in a module') return {}")
module("fails", "error 'at the top'")
module("broken", "x = = 1")
module("no_value", "global_of_it = 4")
module("false_value", "return false")
module("own", "package.loaded[...] = 'set by itself'")
module("raises_object", "local t = setmetatable({}, {__close = function() print 'closed' end}) " ..
  "local c <close> = t error {code = 1}")
module("depth", "local n = 0 while debug.getinfo(n + 1) do n = n + 1 end " ..
  "print(n, pcall(debug.getlocal, 4, 1), pcall(debug.getlocal, 6, 1), ...)")

print(select("#", require "plain"), select(2, require "plain"), require "plain" == require "plain")
for _, name in ipairs{"fails", "fails", "broken", "raises_object", "none.such"} do
  print(pcall(require, name))
  print(select(2, xpcall(require, debug.traceback, name)))
  print(select(2, xpcall(function() require(name) end, debug.traceback)))
end
print(require "no_value", global_of_it, require "false_value", package.loaded.false_value)
print(require "own")
print(pcall(require), pcall(require, {}), pcall(require, 12))
require "depth"
local path = folder .. "/depth.lua"
dofile(path)
loadfile(path)("argument")
pcall(dofile, path)
coroutine.wrap(dofile)(path)
package.loaded.depth = nil
coroutine.wrap(require)("depth")
print(select(2, xpcall(dofile, debug.traceback, folder .. "/fails.lua")))

print(package.searchpath("plain", package.path), package.searchpath("none", package.path))
print(package.config, #package.searchers, package.loadlib("/no/such.so", "*"))
function package.preload.ahead(...) return "ahead", ... end
print(require "ahead")
table.insert(package.searchers, 1, function(name)
  if name == "virtual" then return function(...) return table.concat({...}, "+") end, "data" end
  return "\n\tnothing virtual"
end)
print(require "virtual")
print(pcall(require, "nothing"))
package.searchers = nil
print(pcall(require, "nothing at all"))
os.execute("rm -r " .. folder)
