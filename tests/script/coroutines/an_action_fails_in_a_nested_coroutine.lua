local fail
async.actions.outside = function(_, _, f) fail = f end
local task = spawn(function()
  local co = coroutine.create(function()
    print(pcall(await, {action = "outside"}))
    await{action = "outside"}
    print "never"
  end)
  print(coroutine.resume(co))
  print(coroutine.status(co))
end)
sleep(1)
fail "once"
sleep(1)
-- expect: false	once
fail "twice"
task:await()
-- expect: false	twice
-- expect: dead
