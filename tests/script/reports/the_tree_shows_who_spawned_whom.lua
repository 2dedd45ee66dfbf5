spawn({name = "a"}, function()
  spawn({name = "b"}, function()
    coroutine.wrap(function()
      sleep(2)
    end)()
  end)
  sleep(1)
end)
spawn({name = "c"}, function()
  spawn({name = "d"}, function() async.event "go":wait() end)
  sleep(3)
  os.exit(0, true)
end)
sleep(0.5)
spawn({name = "e"}, print)
io.write(async.tree())
-- expect: #1 the_tree_shows_who_spawned_whom.lua: running at $FILE:16
-- expect:   #2 a: waiting, sleep 1s at $FILE:7
-- expect:     #4 b: waiting, sleep 2s at $FILE:4
-- expect:   #3 c: waiting, sleep 3s at $FILE:11
-- expect:     #5 d: waiting, event 'go' at $FILE:10
-- expect:   #6 e: runnable
-- expect:
