-- A rate limiter: ten workers want to call a service that allows a burst of
-- three calls and then four calls a second.
--
--   tinyasync run scripts/limiter.lua

-- A bucket of tokens that fills by itself.  Only `level` and `at` are kept: how
-- full the bucket was, and when that was so.
local Limiter = {}
Limiter.__index = Limiter

function Limiter.new(per_second, burst)
  return setmetatable({rate = per_second, burst = burst, level = burst, at = async.now()}, Limiter)
end

-- Takes a token, and waits until it is there.  The level may become negative:
-- those who wait have taken theirs already, so the first to ask is served first.
function Limiter:take()
  local now = async.now()
  self.level = math.min(self.burst, self.level + (now - self.at) * self.rate)
  self.at = now
  self.level = self.level - 1
  if self.level < 0 then sleep(-self.level / self.rate) end
end

local limiter = Limiter.new(4, 3)

local function worker(number)
  limiter:take()
  print(("%.2f s: worker %d calls"):format(async.now(), number))
end

for number = 1, 10 do spawn(worker, number) end

-- expect: 0.00 s: worker 1 calls
-- expect: 0.00 s: worker 2 calls
-- expect: 0.00 s: worker 3 calls
-- expect: 0.25 s: worker 4 calls
-- expect: 0.50 s: worker 5 calls
-- expect: 0.75 s: worker 6 calls
-- expect: 1.00 s: worker 7 calls
-- expect: 1.25 s: worker 8 calls
-- expect: 1.50 s: worker 9 calls
-- expect: 1.75 s: worker 10 calls
