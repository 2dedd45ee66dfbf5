-- Several things at once, and then on with the results: of all, of the first that
-- succeeds, of the first that ends, or of a whole list, a few at a time.  What is
-- not needed any more is cancelled.
--
--   tinyasync run scripts/gather.lua

local function download(name, seconds)
  sleep(seconds)
  if name == "c.txt" then error(name .. ": no such file", 0) end
  return name, #name * 1000
end

local function later(...)
  local arguments = table.pack(...)
  return function() return download(table.unpack(arguments)) end
end

local function show(what, ...) print(("%.1f  %s:"):format(async.now(), what), ...) end

-- All of them: a list with the first result of each, in their order.
local files = async.all {later("a.txt", 0.3), later("index.html", 0.1), later("b.txt", 0.2)}
show("all", table.concat(files, " "))

-- One failure is the failure of all.
show("all", pcall(async.all, {later("a.txt", 0.3), later("c.txt", 0.1)}))

-- The first that succeeds, whoever fails before; the first that ends, however.
show("any", async.any {later("c.txt", 0.1), later("mirror.txt", 0.2), later("slow.txt", 9)})
show("race", pcall(async.race, {later("c.txt", 0.1), later("mirror.txt", 0.2)}))

-- A list, two at a time.  Whoever wants to know of each failure catches it.
local sizes = async.map({"a.txt", "index.html", "c.txt", "b.txt"}, function(name)
  local ok, _, size = pcall(download, name, 0.2)
  return ok and size
end, {limit = 2})
for i = 1, sizes.n do show("map " .. i, sizes[i]) end

-- expect: 0.3  all:	a.txt index.html b.txt
-- expect: 0.4  all:	false	c.txt: no such file
-- expect: 0.6  any:	mirror.txt	10000
-- expect: 0.7  race:	false	c.txt: no such file
-- expect: 1.1  map 1:	5000
-- expect: 1.1  map 2:	10000
-- expect: 1.1  map 3:	false
-- expect: 1.1  map 4:	5000
