-- What it yields is awaited, what it returns is what await gives.
local Sleeper = {}
function Sleeper:__await(...)
  print(rawequal(getmetatable(self), Sleeper), select("#", ...))
  local slept = coroutine.yield{action = "sleep", delay = self.delay}
  return "slept", slept, nil
end
local sleeper = setmetatable({delay = 2}, Sleeper)
print(await(sleeper))
-- expect: true	0
-- expect: slept	2.0	nil
print(select("#", await(sleeper)), async.now())
-- expect: true	0
-- expect: 3	4.0
