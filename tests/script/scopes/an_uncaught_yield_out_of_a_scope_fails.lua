-- It raises in the generator, which closes the scope on its way out.
local co = coroutine.create(function()
  async.scope(function(scope)
    scope:spawn(function()
      local guard <close> = async.defer(function() print "child closed" end)  -- expect: child closed
      sleep(10)
    end)
    sleep(1)
    coroutine.yield(1)
    print "never"
  end)
end)
local ok, message = coroutine.resume(co)
print(ok, message:match("cannot yield out of .*"), coroutine.status(co))
-- expect: false	cannot yield out of async.scope (opened at $FILE:3)	dead
print(async.now())                                 -- expect: 1.0
