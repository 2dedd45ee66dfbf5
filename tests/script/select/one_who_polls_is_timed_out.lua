-- options: --virtual-time --timeout=0.01
spawn({daemon = true}, function()
  local _ <close> = async.defer(function() print("at", async.now()) end)
  sleep(math.huge)
end)
while true do async.checkpoint() end
-- expect: at	0.01
-- expect stderr: timed out
-- expect status: 124
