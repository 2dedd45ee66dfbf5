local function closing(name)
  return setmetatable({}, {__close = function() print("closed " .. name) end})
end
spawn(function()
  local a <close> = closing "a sleeper"
  sleep(10)
end)
spawn(function()
  local b <close> = closing "one in a generator"
  coroutine.wrap(function()
    local c <close> = closing "its generator"
    sleep(10)
  end)()
end)
spawn(function()
  local d <close> = closing "the one that exits"
  sleep(1)
  pcall(function()
    coroutine.wrap(function()
      local e <close> = closing "its own generator"
      print(pcall(os.exit, 3, true))
    end)()
  end)
  print "never"
end)
spawn(function()
  local f <close> = closing "one that was due in that pass"
  sleep(1)
  pcall(sleep, 0)
  print "never"
end)
-- expect: closed its own generator
-- expect: closed the one that exits
-- expect: closed one that was due in that pass
-- expect: closed a sleeper
-- expect: closed its generator
-- expect: closed one in a generator
-- expect status: 3
