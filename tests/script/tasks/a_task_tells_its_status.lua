local task = spawn(function()
  print(async.current():status())
  sleep(1.5)
end)
print(task:status())                               -- expect: runnable
sleep(1)
-- expect: running
print(task:status())                               -- expect: waiting	sleep 1.5s
await(task)
print(task:status())                               -- expect: done
local failed = spawn(error, "broken")
print((failed:pawait()), failed:status())          -- expect: false	failed
local cancelled = spawn(sleep, 1)
cancelled:cancel()
print((cancelled:pawait()), cancelled:status())    -- expect: false	cancelled
print(async.current():status())                    -- expect: running
-- A word follows only where a task waits.
print(select("#", task:status()), select("#", failed:status()))  -- expect: 1	1
print(select("#", async.current():status()))       -- expect: 1
