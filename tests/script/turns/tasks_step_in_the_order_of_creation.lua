-- The second pass repeats the order of the first.
for i = 1, 3 do
  spawn(function()
    print("first step of", i)
    sleep(0)
    print("second step of", i)
  end)
end
-- expect: first step of	1
-- expect: first step of	2
-- expect: first step of	3
-- expect: second step of	1
-- expect: second step of	2
-- expect: second step of	3
