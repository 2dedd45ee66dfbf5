table.sort({2, 1}, function()
  print(pcall(coroutine.yield))
  return false
end)
-- expect: false	turn: cannot wait inside table.sort, a C function that cannot be suspended
