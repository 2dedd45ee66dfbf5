-- The cancellation is raised in it too, and is not an error of the clean-up.
local task = spawn(function()
  local first <close> = async.defer(function(err) print("first", err) end)
  local second <close> = async.defer(function()
    print "second"
    pcall(sleep, 1)
    print "never"
  end)
  local third <close> = async.defer(function(err)
    print("third", err)
    async.checkpoint()
    print "never"
  end)
  sleep(10)
end)
sleep(1)
task:cancel "over"
print(task:pawait())
-- expect: third	cancelled: over
-- expect: second
-- expect: first	cancelled: over
-- expect: false	cancelled: over
print(async.now())                                 -- expect: 1.0
