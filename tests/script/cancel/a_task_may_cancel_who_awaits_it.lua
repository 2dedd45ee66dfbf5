-- The cancellation came first, then the result.
local a, b
a = spawn(function()
  local guard <close> = async.defer(function(err) print("a got", err) end)
  print("never", await(b))
end)
b = spawn(function()
  print(a:cancel "from b")                         -- expect: true
  return "result"
end)
sleep(1)
-- expect: a got	cancelled: from b
print(a:status(), b:status())                      -- expect: cancelled	done
