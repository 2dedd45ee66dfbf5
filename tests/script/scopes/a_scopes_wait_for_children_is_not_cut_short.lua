-- The cancellation of the parent is passed to the child, and raised when the
-- child has unwound.
local parent = spawn(function()
  local guard <close> = async.defer(function() print("parent unwinds", async.now()) end)
  async.scope(function(s)
    s:spawn(function()
      local inner <close> = async.defer(function()
        async.shield(sleep, 2)
        print("child unwound", async.now())
      end)
      sleep(10)
      print("never")
    end)
  end)
  print("never")
end)
sleep(1)
print(parent:cancel("stop"))                       -- expect: true
-- expect: child unwound	3.0
-- expect: parent unwinds	3.0
print(parent:pawait())                             -- expect: false	cancelled: stop
