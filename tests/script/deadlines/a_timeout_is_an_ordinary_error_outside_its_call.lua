-- Inside, it is a cancellation: neither pcall nor xpcall's handler see it.
local function handler(err) return "handled: " .. tostring(err) end
print(xpcall(async.with_timeout, handler, 1, function()
  print("never", xpcall(sleep, handler, 10))
end))
-- expect: false	handled: timed out after 1 second
print(coroutine.resume(coroutine.create(function()  -- expect: false	timed out after 1 second
  async.with_timeout(1, sleep, 10)
end)))
sleep(1)
print(async.now())                                 -- expect: 3.0
