local guard <close> = setmetatable({}, {__close = function() print "never" end})
spawn(print, "nor this")
io.write "no newline"
io.write "\n"                                      -- expect: no newline
os.exit(5)
-- expect status: 5
