local task = spawn(function()
  local generator = coroutine.wrap(function()
    local guard <close> = async.defer(function() print("generator unwinds", async.now()) end)
    async.shield(sleep, 2)
    coroutine.yield("yielded")
    sleep(0)
    print("never")
  end)
  print(generator())                               -- expect: yielded
  generator()
  print("never")
end)
sleep(1)
task:cancel()
-- expect: generator unwinds	2.0
print(task:pawait())                               -- expect: false	cancelled
