-- The passes count in which every step was a bare turn: not the one in which the
-- first task goes to sleep.
for _, turn in ipairs{function() sleep(0) end, async.checkpoint, coroutine.yield} do
  local done, turns, began = false, 0, async.now()
  spawn(function()
    while not done do
      turns = turns + 1
      turn()
    end
  end)
  sleep(1)
  done = true
  print(async.now() - began, turns)
end
-- expect: 1.0	1001
-- expect: 1.0	1001
-- expect: 1.0	1001
