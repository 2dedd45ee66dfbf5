local function start(name, fn) return spawn({name = name}, fn) end
local inner = start("inner", function() sleep(1) error("broken", 0) end)
start("outer", function()
  local values = coroutine.wrap(function()
    coroutine.yield(1)
    coroutine.yield(inner:await())
  end)
  values()
  values()
end)
-- expect stderr: broken
-- expect stderr: task #2 inner
-- expect stderr: $FILE:2: in function <$FILE:2>
-- expect stderr: awaited at $FILE:6 by #3 outer
-- expect status: 1
