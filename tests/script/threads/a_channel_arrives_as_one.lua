local ch = async.channel(4, "ch")
local way = async.channel(1)
print(async.thread(function(a, t, w)
  w:send(a)
  return a == t.b, t.b == t[1]
end, ch, {b = ch, ch}, way))                 -- expect: true	true
print(way:recv() == ch)                      -- expect: true
print(async.thread(function(c) return c end, ch) == ch)  -- expect: true
local new = async.thread(function() local c = async.channel(2, "new") c:send "kept" return c end)
print(new:recv(), new)                       -- expect: kept	channel 'new' (0 of 2)
