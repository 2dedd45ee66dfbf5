-- The waiter is woken after the other has asked for another turn, and steps
-- before it all the same: it is older.
package.path = arg[0]:gsub("[^/]*/[^/]*$", "require/modules/?.lua")
spawn(function()
  sleep(0)
  require "slow"
  print("waiter")
end)
spawn(function()
  sleep(1)
  sleep(0)
  print("other")
end)
spawn(function()
  require "slow"
  print("loader")
end)
-- expect: slow is loaded
-- expect: loader
-- expect: waiter
-- expect: other
