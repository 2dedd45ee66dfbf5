local function closing(name)
  return async.defer(function() print(name .. " unwound", async.now()) end)
end
print(async.any{
  function() sleep(1) error("too early", 0) end,
  function()
    local guard <close> = closing "slow"
    sleep(5)
  end,
  function() sleep(2) return "first", nil, "success" end,
  function() error("at once", 0) end,
  function()
    local guard <close> = closing "slower"
    sleep(3)
  end,
})
-- expect: slow unwound	2.0
-- expect: slower unwound	2.0
-- expect: first	nil	success
print(async.now())                                 -- expect: 2.0
print(select("#", async.any{function() end, function() error("no") end}))  -- expect: 0
