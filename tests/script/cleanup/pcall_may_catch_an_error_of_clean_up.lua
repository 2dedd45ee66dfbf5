-- The cancellation stays in force and is raised at the next wait.
local function failing()
  local guard <close> = async.defer(function() error("in clean-up", 0) end)
  sleep(10)
end
local task = spawn(function()
  local last <close> = async.defer(function(err) print("last", err) end)
  print(pcall(failing))                            -- expect: false	in clean-up
  print(coroutine.resume(coroutine.create(function() pcall(failing) return "and goes on" end)))  -- expect: true	and goes on
  print(xpcall(failing, function(message) return "handled " .. message end))  -- expect: false	handled in clean-up
  sleep(1)
  print "never"
end)
sleep(1)
task:cancel "enough"
print(task:pawait())
-- expect: last	cancelled: enough
-- expect: false	cancelled: enough
