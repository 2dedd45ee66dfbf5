async.actions.twice = function(_, wake, fail)
  print(wake "first", wake "second", fail "third")
end
print(coroutine.yield{action = "twice"})
-- expect: true	false	false
-- expect: first
