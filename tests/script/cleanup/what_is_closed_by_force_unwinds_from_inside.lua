-- options: --virtual-time --grace=2
local function closing(name) return async.defer(function() print(name, async.now()) end) end
spawn({name = "nested"}, function()
  local a <close> = closing "task"
  coroutine.wrap(function()
    local b <close> = closing "outer"
    local co = coroutine.create(function()
      local c <close> = closing "inner"
      pcall(async.shield, sleep, 100)
      print "never"
    end)
    coroutine.resume(co)
    print "never"
  end)()
end)
sleep(1)
os.exit(5, true)
-- expect: inner	3.0
-- expect: outer	3.0
-- expect: task	3.0
-- expect stderr is: tinyasync: 1 task did not end within 2 seconds of grace: #2 nested
-- expect status: 5
