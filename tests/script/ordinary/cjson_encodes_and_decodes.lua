-- needs: cjson
local cjson = require "cjson"
print(cjson.encode{1, 2, {3}}, cjson.encode "text", cjson.null == cjson.decode "null")
print(cjson.decode '{"a": [1, 2.5, true, null]}'.a[2])
print(pcall(cjson.decode, "{broken"))
print(coroutine.wrap(function() return cjson.decode "[7]"[1] end)())
