-- In the task that calls it, without a wait: behind every protected call.
local guard <close> = async.defer(function(err) print("closed", err.kind, err.reason) end)
print("never", xpcall(function()
  coroutine.wrap(function()
    local inner <close> = async.defer(function() print "closes the generator" end)
    print("never", coroutine.resume(coroutine.create(function()
      print("never", pcall(pcall, os.exit, 8, true))
    end)))
  end)()
end, print))
-- expect: closes the generator
-- expect: closed	cancelled	exit
-- expect status: 8
