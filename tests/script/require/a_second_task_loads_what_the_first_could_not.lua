package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
spawn(function()
  print(pcall(require, "fails_first"))             -- expect: false	first attempt
end)
spawn(function()
  print((require "fails_first"))                   -- expect: attempt 2
  print(async.now())                               -- expect: 2.0
end)
