local function closing(name)
  return async.defer(function() print("closed " .. name, async.now()) end)
end
print(pcall(async.scope, function(s)
  s:spawn(function()
    local guard <close> = closing "sibling"
    sleep(10)
    print("never")
  end)
  s:spawn(function()
    sleep(1)
    error("boom", 0)
  end)
  local guard <close> = closing "fn"
  sleep(10)
  print("never")
end))
-- expect: closed fn	1.0
-- expect: closed sibling	1.0
-- expect: false	boom
print(async.now())                                 -- expect: 1.0
