-- It is raised when they have unwound, two seconds later.
local function slow(name, seconds)
  local guard <close> = async.defer(function()
    async.shield(sleep, seconds)
    print(name .. " unwound", async.now())
  end)
  sleep(100)
  print("never")
end
local given = spawn(slow, "given", 2)
local mistake = {}
local ok, err = pcall(async.all, {
  function() slow("own", 1) end,
  function() sleep(1) error(mistake) end,
  given,
})
-- expect: own unwound	2.0
-- expect: given unwound	3.0
print(ok, rawequal(err, mistake), async.now())     -- expect: false	true	3.0
print(given:status())                              -- expect: cancelled
