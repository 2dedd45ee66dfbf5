local a, b
a = spawn(function()
  local guard <close> = async.defer(function() print("a unwinds", b:cancel()) end)
  sleep(10)
end)
b = spawn(function()
  local guard <close> = async.defer(function() print("b unwinds", a:cancel()) end)
  sleep(10)
end)
sleep(1)
print(b:cancel())                                  -- expect: true
sleep(1)
-- expect: b unwinds	true
-- expect: a unwinds	false
print(a:status(), b:status())                      -- expect: cancelled	cancelled
