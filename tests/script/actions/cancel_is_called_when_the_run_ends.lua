async.actions.counted = function(request)
  return function() print("given up", request.name) end
end
for i = 1, 2 do spawn({daemon = i == 2}, coroutine.yield, {action = "counted", name = i}) end
sleep(1)
os.exit(5, true)
-- expect: given up	1
-- expect: given up	2
-- expect status: 5
