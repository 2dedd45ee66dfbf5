-- Nor does its failure or its caller's cancellation reach them.
local function plain(name)
  sleep(5)
  print(name, async.now())
end
print(pcall(async.scope, function()                -- expect: false	boom
  spawn(plain, "spawned in a failed scope")
  sleep(1)
  error("boom", 0)
end))
print(async.now())                                 -- expect: 1.0
local task = spawn(function()
  spawn(plain, "spawned by a cancelled task")
  sleep(10)
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
print(async.move_on_after(1, function()            -- expect: nil	timeout
  spawn(plain, "spawned under a deadline")
  sleep(10)
end))
-- expect: spawned in a failed scope	5.0
-- expect: spawned by a cancelled task	6.0
-- expect: spawned under a deadline	7.0
