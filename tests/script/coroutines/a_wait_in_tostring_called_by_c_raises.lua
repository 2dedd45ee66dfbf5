local object = setmetatable({}, {__tostring = function() sleep(1) return "object" end})
local ok, message = pcall(tostring, object)
print(ok, message:find("cannot wait inside tostring", 1, true) ~= nil)  -- expect: false	true
print(pcall(print, object))                        -- expect: false	$FILE:1: sleep: cannot wait inside print, a C function that cannot be suspended
