-- Several things at once, and then on with all the results: a counter is all it
-- takes.  The tasks that do the work know nothing of it.
--
--   tinyasync run scripts/gather.lua

-- Runs the functions as tasks and gives a list of their results, in their
-- order, when the last has ended.  What failed is false, and its error is in
-- the second list.
local function gather(functions)
  local results, errors = {}, {}
  local left = #functions
  for i, fn in ipairs(functions) do
    spawn(function()
      local ok, value = pcall(fn)
      results[i] = ok and value
      if not ok then errors[i] = value end
      left = left - 1
    end)
  end
  while left > 0 do sleep(0.01) end
  return results, errors
end

local function download(name, seconds)
  return function()
    sleep(seconds)
    if name == "c.txt" then error(name .. ": no such file", 0) end
    print("got", name)
    return #name * 1000
  end
end

local began = async.now()
local sizes, errors = gather {
  download("a.txt", 0.3), download("index.html", 0.1), download("c.txt", 0.2),
}
for i, size in ipairs(sizes) do print(i, size or errors[i]) end
print(("three downloads of 0.6 seconds took %.1f"):format(async.now() - began))

-- expect: got	index.html
-- expect: got	a.txt
-- expect: 1	5000
-- expect: 2	10000
-- expect: 3	c.txt: no such file
-- expect: three downloads of 0.6 seconds took 0.3
