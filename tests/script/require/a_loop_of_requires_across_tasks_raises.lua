package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
spawn({name = "a"}, function()
  print((require "cross_a"))
end)
spawn({name = "b"}, function()
  print((require "cross_b"))
end)
-- The younger task closes the loop.
-- expect: b	false	loop in require: cross_a -> cross_b -> cross_a
-- expect: b without a
-- expect: b without a
