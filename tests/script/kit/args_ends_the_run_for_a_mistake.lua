-- arguments: --nonsense
-- It is one line, and status 2.

local closed <close> = async.defer(function() print "cleaned up" end) -- expect: cleaned up
async.args{name = "tool", {"--option"}}
-- expect stderr is: tool: unknown option '--nonsense' (see 'tool --help')
-- expect status: 2
