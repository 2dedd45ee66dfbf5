local steps = 0
spawn(function()
  for _ = 1, 5 do
    steps = steps + 1
    sleep(0)
  end
end)
spawn(function()
  for pass = 1, 5 do
    print(pass == steps)
    sleep(0)
  end
end)
-- expect: true
-- expect: true
-- expect: true
-- expect: true
-- expect: true
