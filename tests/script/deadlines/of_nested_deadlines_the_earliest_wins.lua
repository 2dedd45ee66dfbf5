-- And only its own call turns it into a timeout.
print(async.move_on_after(1, function()
  print("never", pcall(async.with_timeout, 5, function()
    local guard <close> = async.defer(function(err) print(err.kind, async.now()) end)
    sleep(10)
  end))
end))
-- expect: cancelled	1.0
-- expect: nil	timeout
print(async.with_timeout(5, function()
  local ok, err = pcall(async.with_timeout, 1, sleep, 10)
  print(ok, err, async.now())                      -- expect: false	timed out after 1 second	2.0
  sleep(1)
  return "the outer one made it", async.now()      -- expect: the outer one made it	3.0
end))
local ok, err = pcall(async.with_timeout, 2, function()
  print(async.move_on_after(1, sleep, 10))         -- expect: nil	timeout
  print("never", async.move_on_after(5, sleep, 10))
end)
print(ok, err, async.now())                        -- expect: false	timed out after 2 seconds	5.0
