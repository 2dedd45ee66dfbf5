local ch = async.channel(1)
spawn(function() print("nobody else had a turn") end)
for _, seconds in ipairs{0, 0.0, -1, -math.huge, math.mininteger} do
  ch:send("there")
  print(async.with_timeout(seconds, ch.recv, ch))
  print(async.move_on_after(seconds, function() return "at once" end))
end
-- expect: there
-- expect: at once
-- expect: there
-- expect: at once
-- expect: there
-- expect: at once
-- expect: there
-- expect: at once
-- expect: there
-- expect: at once
-- expect: nobody else had a turn
