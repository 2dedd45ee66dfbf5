package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local first = spawn(require, "once")               -- expect: loading	once	tests/script/require/modules/once.lua
spawn(function()
  require "once"                                   -- expect: loading	once	tests/script/require/modules/once.lua
  print("second", async.now())                     -- expect: second	1.5
end)
spawn(function()
  require "once"
  print("third", async.now())                      -- expect: third	1.5
end)
sleep(0.5)
first:cancel()
