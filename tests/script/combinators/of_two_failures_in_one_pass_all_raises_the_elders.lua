-- The younger one is due as well, and fails in the same pass; nobody reports it.
local given = spawn(function()
  sleep(2)
  error("elder than all", 0)
end)
print(pcall(async.all, {
  function() sleep(1) error("elder", 0) end,
  function() sleep(1) error("younger", 0) end,
}))
-- expect: false	elder
print(pcall(async.all, {
  function() sleep(1) error("listed first", 0) end,
  given,
}))
-- expect: false	elder than all
