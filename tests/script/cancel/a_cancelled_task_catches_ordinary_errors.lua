-- Only the very cancellation that is in force passes.
local other = spawn(sleep, 1)
other:cancel "another one"
other:pawait()
local task = spawn(function()
  async.current():cancel "mine"
  print(pcall(error, "caught", 0))                 -- expect: false	caught
  print(xpcall(error, function(message) return "handled " .. message end, "too", 0))  -- expect: false	handled too
  print(coroutine.resume(coroutine.create(error), "as well"))  -- expect: false	as well
  print(pcall(coroutine.wrap(error), "wrapped", 0))  -- expect: false	wrapped
  print(pcall(error, {kind = "cancelled"}) == false)  -- expect: true
  print(pcall(error, other.error))                 -- expect: false	cancelled: another one
  print(xpcall(error, function(err) return "handled " .. err.reason end, other.error))  -- expect: false	handled another one
  print(coroutine.close(coroutine.create(print)))  -- expect: true
  sleep(1)
  print "never"
end)
print(task:pawait())                               -- expect: false	cancelled: mine
