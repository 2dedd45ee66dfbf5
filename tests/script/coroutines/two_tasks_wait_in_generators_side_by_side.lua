local function numbers(delay)
  return coroutine.wrap(function()
    for i = 1, 3 do
      sleep(delay)
      coroutine.yield(i)
    end
  end)
end
for _, name in ipairs{"a", "b"} do
  spawn(function()
    for i in numbers(1) do print(name, i) end
  end)
end
-- expect: a	1
-- expect: b	1
-- expect: a	2
-- expect: b	2
-- expect: a	3
-- expect: b	3
