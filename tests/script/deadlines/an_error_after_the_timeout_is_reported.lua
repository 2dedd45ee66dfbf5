-- options: --virtual-time --timeout=1 --traceback=off
spawn(function()
  local guard <close> = async.defer(function() error("in clean-up", 0) end)
  sleep(10)
end)
-- expect stderr: Error in task: in clean-up
-- expect status: 124
