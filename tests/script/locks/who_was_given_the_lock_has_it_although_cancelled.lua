local lock = async.lock()
lock:acquire()
local first = spawn(function()
  local guard <close> = lock:acquire()
  print("first has it")                            -- expect: first has it
  sleep(0)
  print("never")
end)
spawn(function()
  local guard <close> = lock:acquire()
  print("second has it")
end)
sleep(0)
lock:release()
first:cancel()
print(first:pawait())                              -- expect: false	cancelled
-- expect: second has it
