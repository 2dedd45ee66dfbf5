local function closing(name) return async.defer(function(err) print("closed " .. name, err) end) end
local inner, outer
local task = spawn(function()
  local a <close> = closing "the task's"
  outer = coroutine.create(function()
    local b <close> = closing "outer"
    inner = coroutine.wrap(function()
      local c <close> = closing "inner"
      sleep(10)
      print "never"
    end)
    inner()
    print "never"
  end)
  print("never", coroutine.resume(outer))
end)
sleep(1)
print(coroutine.status(outer))                     -- expect: normal
task:cancel "enough"
sleep(1)
-- expect: closed inner	cancelled: enough
-- expect: closed outer	cancelled: enough
-- expect: closed the task's	cancelled: enough
print(coroutine.status(outer))                     -- expect: dead
print(coroutine.resume(outer))                     -- expect: false	cannot resume dead coroutine
print(pcall(inner))                                -- expect: false	cannot resume dead coroutine
