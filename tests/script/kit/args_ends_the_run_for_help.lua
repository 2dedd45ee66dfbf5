-- arguments: --help
-- It says what it has to, and the run ends in good order.

local closed <close> = async.defer(function() print "cleaned up" end)
spawn(function()
  local here <close> = async.defer(function() print "this one too" end)
  sleep(100)
end)
sleep(1)
async.args{name = "tool", {"--option"}}
print "not here"
-- expect: Usage: tool [options]
-- expect:
-- expect:   --option
-- expect:   -h, --help  show this
-- expect: cleaned up
-- expect: this one too
