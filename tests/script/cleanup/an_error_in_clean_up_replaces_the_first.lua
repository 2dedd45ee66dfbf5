-- options: --virtual-time --traceback=off
spawn(function()
  local outer <close> = setmetatable({}, {__close = function(_, err) print("outer got", err) end})
  local inner <close> = setmetatable({}, {__close = function() error("second", 0) end})
  error("first", 0)
end)
-- expect: outer got	second
-- expect stderr is: Error in task: second
spawn(function()
  local guard <close> = setmetatable({}, {__close = function() error("at the end", 0) end})
end)
-- expect stderr is: Error in task: at the end
-- expect status: 1
