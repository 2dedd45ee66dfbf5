table.sort({2, 1}, function()
  print(pcall(coroutine.yield))
  return false
end)
-- expect: false	coroutine.yield: cannot wait inside table.sort, a C function that cannot be suspended
