local function both(a, b, c) return b, a, c end
print(async.thread(both, 1, "two", false))   -- expect: two	1	false
print(async.thread(both, nil, nil, 3))       -- expect: nil	nil	3
print(select("#", async.thread(both)))       -- expect: 3
print(select("#", async.thread(function() end)))  -- expect: 0
local text = ("x"):rep(100000) .. "\0\255"
print(async.thread(function(s) return s end, text) == text)  -- expect: true
