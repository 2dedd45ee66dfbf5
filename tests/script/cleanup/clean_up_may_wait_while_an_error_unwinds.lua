-- options: --virtual-time --traceback=off
local function closing(name)
  return setmetatable({}, {__close = function(_, err)
    print("closing " .. name, err, sleep(1))
  end})
end
print(pcall(function()
  local a <close> = closing "a"
  local b <close> = closing "b"
  error("one", 0)
end))
-- expect: closing b	one	1.0
-- expect: closing a	one	1.0
-- expect: false	one
local c <close> = closing "c"
local clock <close> = setmetatable({}, {__close = function() print(async.now()) end})
-- expect: 2.0
-- expect: closing c	two	1.0
error("two", 0)                                    -- expect stderr is: Error in task: two
-- expect status: 1
