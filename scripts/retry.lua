-- Trying again with exponential backoff: errors are Lua's own, pcall catches
-- them, and it may well be wrapped around something that waits.
--
--   tinyasync run scripts/retry.lua

-- Calls fn up to `tries` times and gives what it gives; the last error is
-- raised.  The pauses are delay, 2 * delay, 4 * delay ...
local function retry(tries, delay, fn)
  for try = 1, tries do
    local results = table.pack(pcall(fn, try))
    if results[1] then return table.unpack(results, 2, results.n) end
    if try == tries then error(results[2], 0) end
    print(("%.1f  try %d: %s"):format(async.now(), try, results[2]))
    sleep(delay)
    delay = delay * 2
  end
end

-- Answers from its fourth call on.
local function shaky_service(call)
  sleep(0.05)
  if call < 4 then error("connection refused", 0) end
  return "hello", call
end

local greeting, calls = retry(5, 0.2, shaky_service)
print(("%.1f  %s, after %d calls"):format(async.now(), greeting, calls))

print(pcall(retry, 2, 0.1, function() error("no such host", 0) end))

-- expect: 0.1  try 1: connection refused
-- expect: 0.3  try 2: connection refused
-- expect: 0.8  try 3: connection refused
-- expect: 1.6  hello, after 4 calls
-- expect: 1.6  try 1: no such host
-- expect: false	no such host
