-- For an error in the clean-up of a cancelled task, which it may handle, the
-- frames are those of Lua.
local function inner() error("in clean-up", 0) end
local function traceback(message)
  local text = debug.traceback(message, 2)
  return (text:gsub("(in upvalue 'inner').*", "%1"))
end
local task = spawn(function()
  print(xpcall(function()
    local guard <close> = setmetatable({}, {__close = function() inner() end})
    sleep(10)
  end, traceback))
end)
sleep(1)
task:cancel()
sleep(1)
-- expect: false	in clean-up
-- expect: stack traceback:
-- expect: 	[C]: in function 'error'
-- expect: 	$FILE:3: in upvalue 'inner'
