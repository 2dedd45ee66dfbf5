local task = spawn(function()
  local held
  local co = coroutine.create(function()
    local guard <close> = async.defer(function() error(held, 0) end)
    coroutine.yield()
  end)
  local outer <close> = async.defer(function(err) print("outer", err == held) end)
  local guard <close> = async.defer(function(err)
    held = err
    coroutine.resume(co)
    print "closes"
    print("never", coroutine.close(co))
  end)
  sleep(10)
end)
sleep(1)
task:cancel()
print((task:pawait()), task:status())
-- expect: closes
-- expect: outer	true
-- expect: false	cancelled
