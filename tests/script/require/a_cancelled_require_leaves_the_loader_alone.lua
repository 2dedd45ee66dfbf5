package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
spawn(function()
  require "once"                                   -- expect: loading	once	tests/script/require/modules/once.lua
  print("first", async.now())
end)
local second = spawn(function() require "once" print "never" end)
sleep(0.5)
print(second:status())
-- expect: waiting	require 'once'
second:cancel()
sleep(1)
-- expect: first	1.0
print(second:status())                             -- expect: cancelled
