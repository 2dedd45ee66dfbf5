local results = async.all{
  function() sleep(2) return "slow", "and more" end,
  function() end,
  function() sleep(1) return false end,
  function(...) return select("#", ...) end,
  function() return nil, "never seen" end,
}
print(results.n, async.now())                      -- expect: 5	2.0
print(results[1], results[2], results[3], results[4], results[5])
-- expect: slow	nil	false	0	nil
local empty = async.all{}
print(type(empty), empty.n, next(empty) == "n", next(empty, "n"))  -- expect: table	0	true	nil
