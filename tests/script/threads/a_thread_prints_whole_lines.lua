print(async.thread(function()
  io.write("a", 1)
  io.stdout:write(" b\n")
  print("c", nil, 2)
  io.write "no newline"
  return "before this"
end))
-- expect: a1 b
-- expect: c	nil	2
-- expect: no newlinebefore this
