spawn(function()
  local guard <close> = async.defer(function() os.exit(6, true) end)
  async.event():wait()
end)
-- expect stderr is: deadlock: 1 task waits and nothing can wake it
-- expect stderr: event
-- expect status: 6
