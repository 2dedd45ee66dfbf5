for i = 1, 3 do setmetatable({}, {__gc = function() print("collected", i) end}) end
kept = setmetatable({}, {__gc = function() print "kept to the end" end})
collectgarbage()
print "end of script"
