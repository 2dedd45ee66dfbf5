spawn({name = "a"}, function()
  spawn({name = "b"}, function()
    spawn({name = "c"}, function() sleep(9) end)
    sleep(9)
  end)
end)
sleep(1)
io.write(async.tree())
-- expect: #1 a_tree_grows_anew_when_a_spawner_ended.lua: running at $FILE:8
-- expect: #3 b: waiting, sleep 9s at $FILE:4
-- expect:   #4 c: waiting, sleep 9s at $FILE:3
