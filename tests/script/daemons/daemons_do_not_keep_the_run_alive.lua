spawn({daemon = true}, function()
  local guard <close> = setmetatable({}, {__close = function() print("daemon ends", async.now()) end})
  while true do
    sleep(1)
    print("tick")
  end
end)
sleep(2.5)
print("script ends")
-- expect: tick
-- expect: tick
-- expect: script ends
-- expect: daemon ends	2.5
