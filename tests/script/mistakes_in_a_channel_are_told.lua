local function try(...)
  local ok, message = pcall(async.channel, ...)
  print(ok, message)
end
try(-1)     -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got -1
try(1.5)    -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got 1.5
try(0/0)    -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got nan
try("big")  -- expect: false	channel: capacity must be a whole number from 0 on, or math.huge, got string
print((pcall(async.channel, -math.huge)))          -- expect: false
print((pcall(async.channel, 1, {})))               -- expect: false
print(async.channel(2.0))                          -- expect: channel (0 of 2)
print((pcall(async.channel(1).recv, {})))          -- expect: false
