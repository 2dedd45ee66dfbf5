-- options: --virtual-time --traceback=off --on-error=stop
spawn(function()
  local guard <close> = setmetatable({}, {__close = function()
    print("clean-up")                              -- expect: clean-up
    spawn(print, "never")
    pcall(sleep, 1)
    print "never"
  end})
  sleep(10)
end)
sleep(1)
error("enough", 0)                                 -- expect stderr is: Error in task: enough
-- expect status: 1
