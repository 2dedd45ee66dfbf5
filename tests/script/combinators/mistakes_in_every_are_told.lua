local function try(...)
  local ok, message = pcall(async.every, ...)
  print(ok, message:match("^every: seconds must be a positive number, got .*"))
end
try(0, print)          -- expect: false	every: seconds must be a positive number, got 0
try(-1, print)         -- expect: false	every: seconds must be a positive number, got -1
try(0/0, print)        -- expect: false	every: seconds must be a positive number, got nan
try("often", print)    -- expect: false	every: seconds must be a positive number, got string
try(nil, print)        -- expect: false	every: seconds must be a positive number, got nil
print((pcall(async.every, 1)))                     -- expect: false
print(async.now())                                 -- expect: 0.0
