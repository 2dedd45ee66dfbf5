local daemon = spawn({daemon = true}, function()
  local guard <close> = async.defer(function() print("closed", async.shield(sleep, 1)) end)
  while true do pcall(sleep, 1) end
end)
sleep(1.5)
print(daemon:cancel())                             -- expect: true
sleep(2)
-- expect: closed	1.0
print(daemon:status())                             -- expect: cancelled
