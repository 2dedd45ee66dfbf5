-- options: --virtual-time --traceback=off
spawn(function()
  io.stderr:write("before\n")                      -- expect stderr is: before
  error("now", 0)                                  -- expect stderr is: Error in task: now
end)
spawn(function()
  io.stderr:write("after, in the same pass\n")     -- expect stderr is: after, in the same pass
end)
-- expect status: 1
