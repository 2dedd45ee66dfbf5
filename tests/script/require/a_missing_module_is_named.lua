package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local ok, message = pcall(require, "no.such.module")
print(ok, message:match("^[^\n]*"))                -- expect: false	module 'no.such.module' not found:
print(message:find("modules/no/such/module.lua", 1, true) ~= nil)  -- expect: true
ok, message = pcall(require, "broken_syntax")
print(ok, message:find("error loading module 'broken_syntax'", 1, true) ~= nil)  -- expect: false	true
