package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. arg[0]:gsub("ordinary/[^/]*$", "modules/?.lua")
print(require "string" == string, require "_G" == _G, package.loaded.table == table)
print(package.searchpath("no.such", "./?.lua;./?/init.lua"))
print(#package.searchers, package.config:sub(1, 1))
package.preload.mine = function(...) print("loading", ...) return {value = 7} end
print(require "mine".value, select(2, require "mine"), require("mine").value)
package.preload.fails = function() error("cannot", 0) end
print(pcall(require, "fails"))
print(pcall(require, "fails"))
package.preload.gives_nothing = function() end
print((require "gives_nothing"), package.loaded.gives_nothing)
table.insert(package.searchers, 2, function(module)
  if module == "searched" then return function(...) return "found " .. table.concat({...}, " ") end, "extra" end
  return "not by mine"
end)
print(require "searched")
print(select(2, pcall(require, "not there")))
print(select(2, pcall(require, "broken_syntax")))
print(select(2, pcall(require)))
package.path = 1 and nil
print(select(2, pcall(require, "x")))
