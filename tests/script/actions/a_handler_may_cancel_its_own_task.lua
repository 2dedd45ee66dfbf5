async.actions.suicide = function(_, wake)
  print(async.current():cancel "by the handler")   -- expect: true
end
local task = spawn(function()
  local guard <close> = async.defer(function(err) print(err) end)
  coroutine.yield{action = "suicide"}
  print "never"
end)
print((task:pawait()))
-- expect: cancelled: by the handler
-- expect: false
