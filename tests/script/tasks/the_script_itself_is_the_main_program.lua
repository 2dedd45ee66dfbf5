-- As under lua: libraries that wait in one way in a coroutine and in another in the
-- main program ask which it is.
local function is_main() return select(2, coroutine.running()) end
local co = coroutine.running()
print(is_main(), type(co), coroutine.status(co))   -- expect: true	thread	running
print(coroutine.wrap(is_main)())                   -- expect: false
spawn(function()
  print("task", is_main(), coroutine.running() ~= co)  -- expect: task	false	true
  print("in it", coroutine.wrap(is_main)())        -- expect: in it	false
end)
sleep(1)
print("still", is_main(), coroutine.running() == co)  -- expect: still	true	true
coroutine.yield()
async.scope(function() print("scope", is_main()) end)  -- expect: scope	true
return function() print("returned", is_main()) end -- expect: returned	false
