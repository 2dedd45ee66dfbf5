-- Two limits at once: a service that allows four calls a second, three of them in
-- a burst, and no more than two callers at a time.
--
--   tinyasync run scripts/limiter.lua

-- How often: a bucket of tokens that fills by itself.  Only `level` and `at` are
-- kept: how full it was, and when that was so.
local Bucket = {}
Bucket.__index = Bucket

function Bucket.new(per_second, burst)
  return setmetatable({rate = per_second, burst = burst, level = burst, at = async.now()}, Bucket)
end

-- Takes a token, and waits until it is there.  The level may become negative:
-- those who wait have taken theirs already, so the first to ask is served first.
function Bucket:take()
  local now = async.now()
  self.level = math.min(self.burst, self.level + (now - self.at) * self.rate) - 1
  self.at = now
  if self.level < 0 then sleep(-self.level / self.rate) end
end

-- How many: a semaphore.
local lines = async.semaphore(2, "lines")
local bucket = Bucket.new(4, 3)

local function call(number)
  local line <close> = lines:acquire()
  bucket:take()
  print(("%.2f  call %d begins"):format(async.now(), number))
  sleep(0.1)
end

local began = async.now()
async.scope(function(s)
  for number = 1, 8 do s:spawn(call, number) end
end)
print(("%.2f  all done, %s"):format(async.now() - began, tostring(lines)))

-- expect: 0.00  call 1 begins
-- expect: 0.00  call 2 begins
-- expect: 0.10  call 3 begins
-- expect: 0.25  call 4 begins
-- expect: 0.50  call 5 begins
-- expect: 0.75  call 6 begins
-- expect: 1.00  call 7 begins
-- expect: 1.25  call 8 begins
-- expect: 1.35  all done, semaphore 'lines' (2 of 2)
