local ch = async.channel(0)
for _, seconds in ipairs{0, -1, -math.huge} do
  print(async.move_on_after(seconds, ch.recv, ch))
  print(async.move_on_after(seconds, sleep, 1))
  local ok, err = pcall(async.with_timeout, seconds, sleep, 1)
  print(ok, err.kind, err.seconds == seconds)
end
-- expect: nil	timeout
-- expect: nil	timeout
-- expect: false	timeout	true
-- expect: nil	timeout
-- expect: nil	timeout
-- expect: false	timeout	true
-- expect: nil	timeout
-- expect: nil	timeout
-- expect: false	timeout	true
print(async.now())                                 -- expect: 0.0
