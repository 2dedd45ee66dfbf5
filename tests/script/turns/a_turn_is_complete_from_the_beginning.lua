local tasks = {}
for name, turn in pairs{
  sleep = function() sleep(0) end, negative = function() sleep(-1) end,
  checkpoint = async.checkpoint, yield = coroutine.yield,
} do
  tasks[#tasks + 1] = spawn(function()
    turn()
    print "had its turn"
    turn()
    print("never", name)
  end)
end
sleep(0)
for _, task in ipairs(tasks) do print(task:cancel()) end
-- expect: true
-- expect: true
-- expect: true
-- expect: true
sleep(1)
-- expect: had its turn
-- expect: had its turn
-- expect: had its turn
-- expect: had its turn
for _, task in ipairs(tasks) do print(task:status()) end
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
-- expect: cancelled
