local function try(...)
  local ok, message = pcall(async.channel, ...)
  print(ok, message)
end
try(-1)     -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got -1
try(1.5)    -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got 1.5
try(0/0)    -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got nan
try("jobs")  -- expect: false	channel: expected a capacity, got string; it comes first: channel(1, name)
try{size = 2}  -- expect: false	channel: expected a capacity, got table; it comes first: channel(1, name)
print(pcall(function() async.channel(1, {}) end))
-- expect: false	$FILE:10: bad argument #2 to 'channel' (string expected, got table; it is a name, for reports)
print((pcall(async.channel, -math.huge)))          -- expect: false
print((pcall(async.channel, 1, {})))               -- expect: false
print(async.channel(2.0))                          -- expect: channel (0 of 2)
print((pcall(async.channel(1).recv, {})))          -- expect: false
