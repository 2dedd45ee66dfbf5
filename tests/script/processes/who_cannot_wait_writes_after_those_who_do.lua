-- Nothing can wait in a comparison: what is written there goes on at once, but not into the
-- middle of what other tasks are writing.
local f = io.popen("sleep 0.1; tr -s abc; echo", "w")
for _, letter in ipairs {"a", "b"} do
  spawn(function() print(f:write(letter:rep(300000), letter:rep(300000)) == f) end)
end
spawn(function()
  table.sort({2, 1}, function(x, y)
    f:write("c"):flush()
    return x < y
  end)
  sleep(0)
  f:close()
end)
-- expect: true
-- expect: true
-- expect: abc
