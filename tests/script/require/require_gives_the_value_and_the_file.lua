package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local name = "once"
local module, file = require(name)                 -- expect: loading	once	tests/script/require/modules/once.lua
print(type(module), file)                          -- expect: table	tests/script/require/modules/once.lua
print(select("#", require(name)))                  -- expect: 1
print(require "string" == string)                  -- expect: true
