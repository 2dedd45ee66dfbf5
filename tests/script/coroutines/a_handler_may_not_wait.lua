for name, wait in pairs{
  nap = function() sleep(1) end, turn = function() coroutine.yield() end,
  join = function() await(spawn(print, "never mind")) end,
} do
  async.actions[name .. " in a handler"] = function(_, wake)
    local ok, message = pcall(wait)
    print(ok, message:find("cannot wait", 1, true) ~= nil)
    wait()
    wake "never"
  end
  print((pcall(coroutine.yield, {action = name .. " in a handler"})))
end
-- expect: false	true
-- expect: false
-- expect: false	true
-- expect: false
-- expect: false	true
-- expect: false
print(async.now())                                 -- expect: 0.0
-- expect: never mind
-- expect: never mind
