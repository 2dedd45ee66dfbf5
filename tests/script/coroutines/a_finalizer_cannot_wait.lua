setmetatable({}, {__gc = function()
  local ok, message = pcall(sleep, 1)
  print(ok, message:find("sleep: cannot wait inside __gc", 1, true) ~= nil)
end})
collectgarbage()                                   -- expect: false	true
print(async.now())                                 -- expect: 0.0
