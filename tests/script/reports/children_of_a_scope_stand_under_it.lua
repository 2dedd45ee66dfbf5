spawn({name = "owner"}, function()
  async.scope(function(scope)
    scope:spawn({name = "child"}, function() sleep(1) end)
    scope:spawn({name = "other"}, function() sleep(1) end)
  end)
end)
sleep(0.5)
io.write(async.tree())
-- expect: #1 children_of_a_scope_stand_under_it.lua: running at $FILE:8
-- expect:   #2 owner: waiting, scope with 2 tasks at $FILE:2
-- expect:     #3 child: waiting, sleep 1s at $FILE:3
-- expect:     #4 other: waiting, sleep 1s at $FILE:4
