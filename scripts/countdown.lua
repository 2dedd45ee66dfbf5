-- A countdown with a progress bar beside it, and nobody who tells the bar to
-- stop: a daemon lives only as long as the others do.
--
--   tinyasync run scripts/countdown.lua [SECONDS]

local seconds = tonumber(arg[1]) or 3
local WIDTH = 12

-- On a terminal one would write "\r" and no newline.
local function progress_bar()
  local began = async.now()
  while true do
    local done = (async.now() - began) / seconds
    local filled = math.floor(done * WIDTH + 0.5)
    print(("[%s%s] %3.0f%%"):format(("#"):rep(filled), ("."):rep(WIDTH - filled), done * 100))
    sleep(0.7)
  end
end

spawn({daemon = true}, progress_bar)

for left = seconds, 1, -1 do
  print(left)
  sleep(1)
end
print("lift-off")

-- expect: 3
-- expect: [............]   0%
-- expect: [###.........]  23%
-- expect: 2
-- expect: [######......]  47%
-- expect: 1
-- expect: [########....]  70%
-- expect: [###########.]  93%
-- expect: lift-off
