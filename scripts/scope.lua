-- A scope keeps tasks together: it returns when the last of them has ended, and
-- when one fails the others are cancelled and clean up.  Nothing is left running
-- behind your back.
--
--   tinyasync run scripts/scope.lua

local function fetch(name, seconds)
  local file <close> = async.defer(function(err)
    if err then print(("  %s: half a file removed"):format(name)) end
  end)
  sleep(seconds)
  if name == "broken" then error(name .. ": disk full", 0) end
  print(("  %s: complete"):format(name))
  return #name
end

-- All go well.  A task of the scope can be awaited like any other.
print("two files")
local bytes = async.scope(function(s)
  local photo = s:spawn(fetch, "photo", 0.2)
  local music = s:spawn(fetch, "music", 0.1)
  return photo:await() + music:await()
end)
print("  bytes:", bytes)

-- One fails: its error is raised here, after the others have unwound.
print("three files, and one fails")
print("  scope raised:", select(2, pcall(async.scope, function(s)
  s:spawn(fetch, "photo", 0.1)
  s:spawn(fetch, "broken", 0.2)
  s:spawn(fetch, "film", 9)
end)))

-- Enough: cancel() ends the scope and all that is in it.
print("until somebody has had enough")
print("  scope returned:", async.scope(function(s)
  s:spawn(fetch, "film", 9)
  s:spawn(fetch, "series", 90)
  sleep(1)
  s:cancel()
end))

-- expect: two files
-- expect:   music: complete
-- expect:   photo: complete
-- expect:   bytes:	10
-- expect: three files, and one fails
-- expect:   photo: complete
-- expect:   broken: half a file removed
-- expect:   film: half a file removed
-- expect:   scope raised:	broken: disk full
-- expect: until somebody has had enough
-- expect:   film: half a file removed
-- expect:   series: half a file removed
-- expect:   scope returned:	nil	cancelled
