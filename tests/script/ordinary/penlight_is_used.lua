-- needs: pl
local List, stringx, tablex = require "pl.List", require "pl.stringx", require "pl.tablex"
local pretty, class, seq = require "pl.pretty", require "pl.class", require "pl.seq"
local path, lapp, template = require "pl.path", require "pl.lapp", require "pl.template"
local utils, types, compat = require "pl.utils", require "pl.types", require "pl.compat"

print(List{3, 1, 2}:sort():map("*", 2), List.range(1, 5):filter(function(x) return x % 2 == 1 end))
print(stringx.split("a b  c"):concat ",", stringx.strip "  x ", stringx.startswith("abc", "ab"))
print(tablex.deepcompare({1, {2}}, {1, {2}}), pretty.write({1, {x = 2}}, ""))
print(seq.copy(seq.filter(seq.list{1, 2, 3, 4}, function(x) return x > 2 end)))
local Animal = class()
function Animal:_init(name) self.name = name end
function Animal:__tostring() return "animal " .. self.name end
local Dog = class(Animal)
print(Dog "rex", Dog:class_of(Dog "rex"), Animal:class_of(Dog "rex"))
print(path.basename(arg[0]), path.extension "x.lua", path.join("a", "b"))
print(compat.lua51, types.is_callable(print), utils.pack(1, nil, 3).n)
print(template.substitute("$(x)\n# for i = 1, 2 do\n$(i)\n# end", {x = "t"}))
print(pcall(utils.assert_arg, 1, "text", "number"))
print(utils.execute "exit 3")
print(utils.executeex "echo out; echo err >&2; exit 2")
print(lapp([[
Does something.
  -n,--number (default 5) how many
  <name> (default "nobody") whose
]]).number)
require "pl.strict".module("globals", {})
print(pcall(load "undeclared = undeclared_too"))
