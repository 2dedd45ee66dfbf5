local function closing(name)
  return setmetatable({}, {__close = function()
    sleep(1)
    print("closed " .. name, async.now())
  end})
end
do
  local a <close> = closing "a"
  local b <close> = closing "b"
end
-- expect: closed b	1.0
-- expect: closed a	2.0
for _ = 1, 3 do
  local c <close> = closing "c"
  break
end
-- expect: closed c	3.0
local function leave()
  local d <close> = closing "d"
  return "left", nil
end
print(leave())
-- expect: closed d	4.0
-- expect: left	nil
