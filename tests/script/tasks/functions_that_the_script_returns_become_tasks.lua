-- The other values are ignored; neither counts as an argument of the tasks.
local function main(...)
  print("main", select("#", ...))
  sleep(0)
  print("main again")
end
local function other() print("other", async.current().id) end
print("the script itself")                         -- expect: the script itself
return main, 7, nil, other, {}
-- expect: main	0
-- expect: other	3
-- expect: main again
