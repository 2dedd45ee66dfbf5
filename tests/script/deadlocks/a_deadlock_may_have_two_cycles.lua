local function pair(first, second)
  local a, b
  a = spawn({name = first}, function() await(b) end)
  b = spawn({name = second}, function() await(a) end)
end
pair("a", "b")
pair("c", "d")
-- expect stderr is: deadlock: 4 tasks wait and nothing can wake them
-- expect stderr: cycle: #2 a -> #3 b -> #2 a
-- expect stderr is:   cycle: #4 c -> #5 d -> #4 c
-- expect status: 3
