local function loser(name, seconds)
  local guard <close> = async.defer(function()
    async.shield(sleep, seconds)
    print(name .. " unwound", async.now())
  end)
  sleep(100)
  print("never")
end
local given = spawn(loser, "given", 3)
print(async.race{
  function() loser("own", 2) end,
  function() sleep(1) return "winner" end,
  given,
})
-- expect: own unwound	3.0
-- expect: given unwound	4.0
-- expect: winner
print(given:status(), async.now())                 -- expect: cancelled	4.0
