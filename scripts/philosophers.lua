-- Five philosophers dine, and nobody starves: each takes the fork with the lower
-- number first, so they cannot all sit there with one fork in the hand.  On the
-- real clock microseconds decide who grabs a fork, and dinners differ; under
-- virtual time they are all the same.
--
--   tinyasync run --virtual-time scripts/philosophers.lua

local NAMES = {"Hypatia", "Laozi", "Hume", "Arendt", "Kant"}
local MEALS = 2

local forks = {} -- number -> who has it

-- Between the look and the grab nobody else runs: a task gives up its turn only
-- where it waits, so there is nothing to lock.
local function take(fork, name)
  while forks[fork] do sleep(0.05) end
  forks[fork] = name
end

local function dine(seat, name)
  local left, right = seat, seat % #NAMES + 1
  for meal = 1, MEALS do
    sleep(0.1 * seat) -- thinks
    take(math.min(left, right), name)
    take(math.max(left, right), name)
    print(("%.2f  %s eats (%d of %d)"):format(async.now(), name, meal, MEALS))
    sleep(0.3)
    forks[left], forks[right] = nil, nil
  end
  print(("%.2f  %s leaves"):format(async.now(), name))
end

for seat, name in ipairs(NAMES) do spawn({name = name}, dine, seat, name) end

-- expect: 0.10  Hypatia eats (1 of 2)
-- expect: 0.30  Hume eats (1 of 2)
-- expect: 0.60  Arendt eats (1 of 2)
-- expect: 0.65  Laozi eats (1 of 2)
-- expect: 0.95  Hume eats (2 of 2)
-- expect: 0.95  Hypatia eats (2 of 2)
-- expect: 1.25  Hume leaves
-- expect: 1.25  Hypatia leaves
-- expect: 1.25  Kant eats (1 of 2)
-- expect: 1.30  Laozi eats (2 of 2)
-- expect: 1.60  Laozi leaves
-- expect: 1.60  Arendt eats (2 of 2)
-- expect: 1.90  Arendt leaves
-- expect: 2.05  Kant eats (2 of 2)
-- expect: 2.35  Kant leaves
