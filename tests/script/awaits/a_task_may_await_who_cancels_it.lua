-- Each waits for the other's clean-up, but nobody is stuck.
local a, b
a = spawn(function()
  sleep(0)
  b:cancel "from a"
  print(b:pawait())
  print "never"
end)
b = spawn(function()
  local guard <close> = async.defer(function()
    a:cancel "from b"
    async.shield(function() print(a:pawait()) end)
  end)
  sleep(10)
end)
sleep(1)
-- expect: false	cancelled: from b
print(a:status(), b:status())                      -- expect: cancelled	cancelled
