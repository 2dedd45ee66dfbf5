for _, delay in ipairs{3, 1, 2} do
  spawn(function()
    sleep(delay)
    print(delay, async.now())
  end)
end
-- expect: 1	1.0
-- expect: 2	2.0
-- expect: 3	3.0
