local function closing(name)
  return async.defer(function() print("closed " .. name, async.now()) end)
end
print(async.scope(function(s)
  s:spawn(function()
    local guard <close> = closing "child"
    sleep(10)
    print("never")
  end)
  local guard <close> = closing "fn"
  sleep(1)
  s:cancel()
  print("fn goes on to its next wait")             -- expect: fn goes on to its next wait
  sleep(0)
  print("never")
end))
-- expect: closed fn	1.0
-- expect: closed child	1.0
-- expect: nil	cancelled
print(async.now())                                 -- expect: 1.0
sleep(1)
print("its caller goes on")                        -- expect: its caller goes on
