-- Each coroutine on the way is closed, the innermost first.
local closed, in_order = 0, true
local function nest(depth)
  local guard <close> = async.defer(function(err)
    in_order = in_order and depth == 150 - closed and err.reason == "enough"
    closed = closed + 1
  end)
  if depth == 150 then sleep(10) else coroutine.wrap(nest)(depth + 1) end
end
local task = spawn(nest, 1)
sleep(1)
task:cancel "enough"
print((task:pawait()), closed, in_order)           -- expect: false	150	true
