-- Nor does a task start that was added in the pass of the end.
local early
spawn(function()
  sleep(1)
  os.exit(5, true)
end)
spawn(function()
  local guard <close> = async.defer(function() print(early:status()) end)  -- expect: cancelled
  sleep(10)
end)
sleep(1)
early = spawn(print, "never")
-- expect status: 5
