local done, turns = false, 0
spawn(function()
  while not done do
    turns = turns + 1
    sleep(0)
  end
end)
sleep(1)
done = true
print(async.now(), turns == 1000)                  -- expect: 1.0	true
