-- Five philosophers dine, and nobody starves: each takes the fork with the lower
-- number first, so they cannot all sit there with one fork in the hand.  (Let
-- each take the left one first, and the Runner will tell who waits for whom.)
--
--   tinyasync run scripts/philosophers.lua

local NAMES = {"Hypatia", "Laozi", "Hume", "Arendt", "Kant"}
local MEALS = 2

local forks = {}
for number = 1, #NAMES do forks[number] = async.lock("fork " .. number) end

local function dine(seat, name)
  local left, right = seat, seat % #NAMES + 1
  for meal = 1, MEALS do
    sleep(0.1 * seat) -- thinks
    -- Both are put back at the end of this block, whatever happens in it.
    local first <close> = forks[math.min(left, right)]:acquire()
    local second <close> = forks[math.max(left, right)]:acquire()
    print(("%.1f  %s eats (%d of %d)"):format(async.now(), name, meal, MEALS))
    sleep(0.3)
  end
  print(("%.1f  %s leaves"):format(async.now(), name))
end

for seat, name in ipairs(NAMES) do spawn({name = name}, dine, seat, name) end

-- expect: 0.1  Hypatia eats (1 of 2)
-- expect: 0.3  Hume eats (1 of 2)
-- expect: 0.6  Laozi eats (1 of 2)
-- expect: 0.6  Arendt eats (1 of 2)
-- expect: 0.9  Hypatia eats (2 of 2)
-- expect: 0.9  Hume eats (2 of 2)
-- expect: 1.2  Hypatia leaves
-- expect: 1.2  Hume leaves
-- expect: 1.2  Laozi eats (2 of 2)
-- expect: 1.2  Kant eats (1 of 2)
-- expect: 1.5  Laozi leaves
-- expect: 1.5  Arendt eats (2 of 2)
-- expect: 1.8  Arendt leaves
-- expect: 2.0  Kant eats (2 of 2)
-- expect: 2.3  Kant leaves
