print(async.race{
  function() sleep(2) return "slow" end,
  function() sleep(1) return "fast", nil, "one" end,
})
-- expect: fast	nil	one
print(pcall(async.race, {
  function() sleep(2) return "slow" end,
  function() sleep(1) error("fast failure", 0) end,
}))
-- expect: false	fast failure
print(async.now())                                 -- expect: 2.0
print(select("#", async.race{function() end, function() sleep(1) end}))  -- expect: 0
