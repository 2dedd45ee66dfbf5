-- The younger one was due as well: it goes on to its end, and has lost.
local given = spawn(function()
  sleep(2)
  return "older than the others"
end)
print(async.race{
  function() sleep(1) return "elder of two" end,
  function() sleep(1) print("the younger ends") return "younger of two" end,
})
-- expect: the younger ends
-- expect: elder of two
print(async.race{
  function() sleep(1) return "listed first" end,
  given,
})
-- expect: older than the others
