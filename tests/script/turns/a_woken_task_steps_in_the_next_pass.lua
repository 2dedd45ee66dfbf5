-- The loader's second step wakes the one that waits for the module; a task that
-- is younger than both and due in that pass comes first.
package.path = arg[0]:gsub("[^/]*/[^/]*$", "require/modules/?.lua")
spawn(function()
  require "slow"                                   -- expect: slow is loaded
  print("loader")                                  -- expect: loader
end)
spawn(function()
  require "slow"
  print("waiter")
end)
spawn(function()
  sleep(1)
  print("sleeper")                                 -- expect: sleeper
end)
-- expect: waiter
