local held
async.scope(function(scope)
  local guard <close> = async.defer(function(err) held = err end)
  scope:cancel()
  sleep(1)
end)
print(held.kind, pcall(error, held) == false)      -- expect: cancelled	true
print(xpcall(error, function() return "handled" end, held))  -- expect: false	handled
