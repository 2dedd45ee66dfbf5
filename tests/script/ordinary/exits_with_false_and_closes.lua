local guard <close> = setmetatable({}, {__close = function() print "closed" end})
setmetatable({}, {__gc = function() print "collected" end})
print "leaving"
os.exit(false, true)
