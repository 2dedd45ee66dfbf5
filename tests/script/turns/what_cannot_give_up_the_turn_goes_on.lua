local ch = async.channel(math.huge)
spawn(function() print("another task") end)
local text = string.gsub(("x"):rep(1000), "x", function() ch:send(1) return "y" end)
print(#ch, #text)                                  -- expect: 1000	1000
ch:send(1)
-- expect: another task
print(#ch)                                         -- expect: 1001
