for i = 1, 2 do
  spawn(function()
    for turn = 1, 3 do
      print("task " .. i, "turn " .. turn)
      async.checkpoint()
    end
  end)
end
async.checkpoint()
print("main again")
-- expect: task 1	turn 1
-- expect: task 2	turn 1
-- expect: main again
-- expect: task 1	turn 2
-- expect: task 2	turn 2
-- expect: task 1	turn 3
-- expect: task 2	turn 3
