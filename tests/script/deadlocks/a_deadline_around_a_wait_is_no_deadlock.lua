local channel = async.channel()
print(async.move_on_after(5, channel.recv, channel))  -- expect: nil	timeout
print(async.select{channel, timeout = 2})          -- expect: nil	timeout
print(async.move_on_after(5, async.shield, function()
  return async.move_on_after(1, channel.recv, channel)
end))
-- expect: nil	timeout
print(async.now())                                 -- expect: 8.0
