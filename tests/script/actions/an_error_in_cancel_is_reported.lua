-- options: --virtual-time --traceback=off
async.actions.fragile = function() return function() error("in cancel", 0) end end
local task = spawn(function()
  local guard <close> = async.defer(function(err) print("closed", err) end)
  coroutine.yield{action = "fragile"}
end)
sleep(1)
print(task:cancel())                               -- expect: true
-- expect stderr is: Error in task: cancel of action 'fragile': in cancel
print(task:pawait())
-- expect: closed	cancelled
-- expect: false	cancelled
print(sleep(1))                                    -- expect: 1.0
-- expect status: 1
