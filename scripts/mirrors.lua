-- Several that do the same: results as they come, all of them however they end, and a
-- channel that keeps only the newest value.
--
--   tinyasync run scripts/mirrors.lua

local function show(what, ...) print(("%.1f  %s:"):format(async.now(), what), ...) end

local function mirror(name, seconds, fails)
  return function()
    local line <close> = async.defer(function(err)
      if err then show(name, "hung up") end
    end)
    sleep(seconds)
    if fails then error(name .. " is down", 0) end
    return name .. "/file"
  end
end

-- The first two answers are enough; then the rest is cancelled.
local answers = {}
for _, ok, answer in async.as_completed {
  mirror("far", 0.9),
  mirror("near", 0.2),
  mirror("broken", 0.1, true),
  mirror("home", 0.3),
} do
  show(ok and "answer" or "failure", answer)
  if ok then answers[#answers + 1] = answer end
  if #answers == 2 then break end
end
-- expect: 0.1  broken:	hung up
-- expect: 0.1  failure:	broken is down
-- expect: 0.2  answer:	near/file
-- expect: 0.3  answer:	home/file
-- expect: 0.3  far:	hung up

-- How each of them ends.
for _, one in ipairs(async.settle {mirror("near", 0.2), mirror("broken", 0.1, true)}) do
  show(one.ok and "settled" or "failed", one.ok and one.value or one.error)
end
-- expect: 0.4  broken:	hung up
-- expect: 0.5  settled:	near/file
-- expect: 0.5  failed:	broken is down

-- A whole list, two at a time; what fails is told in the end.
local files, errors = async.map({0.1, 0.2, 0.3}, function(seconds)
  return mirror("m" .. seconds, seconds, seconds == 0.2)()
end, {limit = 2, keep_going = true})
show("files", files[1], files[2], files[3])
show("errors", errors and errors[2])
-- expect: 0.7  m0.2:	hung up
-- expect: 0.9  files:	m0.1/file	nil	m0.3/file
-- expect: 0.9  errors:	m0.2 is down

-- A gauge nobody has to read in time: an old value makes room for the new one.
local gauge = async.channel(1, "gauge")
local function measure(value)
  while not gauge:try_send(value) do gauge:try_recv() end
end
for degrees = 20, 23 do measure(degrees) end
show("degrees", gauge:recv())
show("and now", gauge:try_recv())
-- expect: 0.9  degrees:	23
-- expect: 0.9  and now:	nil	empty
