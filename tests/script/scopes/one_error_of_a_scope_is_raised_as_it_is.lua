local mistake = setmetatable({}, {__tostring = function() return "my own" end})
local ok, err = pcall(async.scope, function(s)
  s:spawn(function() error(mistake) end)
  s:spawn(sleep, 10)
end)
print(ok, err, rawequal(err, mistake))             -- expect: false	my own	true
print(pcall(async.scope, function() error(nil) end))  -- expect: false	nil
print(pcall(async.scope, function(s) s:spawn(function() error(false) end) end))
-- expect: false	false
