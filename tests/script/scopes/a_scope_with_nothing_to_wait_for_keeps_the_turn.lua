spawn(function() print("another task") end)
print(async.scope(function() return "at once" end))  -- expect: at once
async.scope(function(s)
  s:spawn(function() print("child") end)
  sleep(0)
  print("the child has ended already")
  spawn(function() print("and only then a third") end)
end)
print("still the same step")
-- expect: another task
-- expect: child
-- expect: the child has ended already
-- expect: still the same step
-- expect: and only then a third
