local lock = async.lock "db"
spawn({name = "writer"}, function()
  lock:acquire()
  sleep(1)
end)
spawn({name = "next"}, function()
  local guard <close> = lock:acquire()
  print("the next one has it", async.now())        -- expect: the next one has it	1.0
end)
-- expect stderr is: Error in task: ended while it held lock 'db'
-- expect stderr is: task #2 writer
sleep(2)
io.stderr:write "the end\n"                        -- expect stderr is: the end
-- expect status: 1
