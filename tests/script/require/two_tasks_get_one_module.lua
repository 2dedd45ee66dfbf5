package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local first
spawn(function()
  first = require "once"                           -- expect: loading	once	tests/script/require/modules/once.lua
  print("first", async.now())                      -- expect: first	1.0
end)
spawn(function()
  local second = require "once"
  print("second", async.now(), second == first)    -- expect: second	1.0	true
  print(require "once" == first)                   -- expect: true
end)
