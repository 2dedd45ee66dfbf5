-- What happens when a task fails: it is reported at once, with its traceback and
-- the line that spawned it, and all others go on.  The exit status is 1.
--
--   tinyasync run scripts/errors.lua
--   tinyasync run --traceback=off scripts/errors.lua
--   tinyasync run --on-error=stop scripts/errors.lua

-- An error may be any value; one with __tostring is reported in its own words.
local HttpError = {__name = "HttpError"}
HttpError.__tostring = function(self) return ("%d %s"):format(self.code, self.reason) end

local function fetch()
  sleep(0.1)
  error(setmetatable({code = 404, reason = "Not Found"}, HttpError))
end

local function typo()
  local settings
  sleep(0.2)
  print(settings.colour)
end

-- Caught: no report.
local function careful()
  local ok, err = pcall(fetch)
  print("careful caught it:", ok, err.code)
end

-- Clean-up runs before the report, and may wait.
local function tidy()
  local door <close> = async.defer(function()
    sleep(0.1)
    print("the door is shut")
  end)
  sleep(0.3)
  error("left in a hurry", 0)
end

spawn({name = "fetch"}, fetch)
spawn({name = "typo"}, typo)
spawn(careful)
spawn({name = "tidy"}, tidy)

sleep(0.5)
print("all others went on")

-- expect: careful caught it:	false	404
-- expect: the door is shut
-- expect: all others went on
-- expect stderr: Error in task: 404 Not Found
-- expect stderr: task #2 fetch
-- expect stderr: errors.lua:14: in function
-- expect stderr: errors.lua:39 by #1 errors.lua
-- expect stderr: attempt to index a nil value (local 'settings')
-- expect stderr: task #3 typo
-- expect stderr: errors.lua:20: in function
-- expect stderr: errors.lua:40 by #1 errors.lua
-- expect stderr: Error in task: left in a hurry
-- expect stderr: task #5 tidy
-- expect status: 1
