-- options: --virtual-time --traceback=off
spawn({daemon = true}, function()
  local guard <close> = setmetatable({}, {__close = function() error("in clean-up", 0) end})
  sleep(10)
end)
-- expect stderr is: Error in task: in clean-up
-- expect status: 1
