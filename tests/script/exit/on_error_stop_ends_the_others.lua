-- options: --virtual-time --traceback=off --on-error=stop
local function closing(name)
  return setmetatable({}, {__close = function() print("closed " .. name) end})
end
spawn(function()
  local guard <close> = closing "sleeper"
  sleep(10)
  print "never"
end)
spawn(function()
  sleep(1)
  error("enough", 0)                               -- expect stderr is: Error in task: enough
end)
spawn(function()
  local guard <close> = closing "due in that pass"
  print(sleep(1))                                  -- expect: 1.0
  sleep(0)
  print "never"
end)
-- expect: closed due in that pass
-- expect: closed sleeper
-- expect status: 1
