local function nest(depth)
  local guard <close> = async.defer(function() print("level " .. depth, async.now()) end)
  if depth == 5 then
    sleep(100)
  else
    async.scope(function(s) s:spawn(nest, depth + 1) end)
  end
  print("never")
end
local root = spawn(nest, 1)
sleep(1)
root:cancel()
-- expect: level 5	1.0
-- expect: level 4	1.0
-- expect: level 3	1.0
-- expect: level 2	1.0
-- expect: level 1	1.0
print(root:pawait())                               -- expect: false	cancelled
