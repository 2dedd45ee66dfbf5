-- In one line, which names the task whose error was told before.
local task = spawn({name = "fail"}, error, "broken")  -- expect stderr is: Error in task: broken
-- expect stderr: task #2 fail
spawn({name = "late"}, function()
  sleep(1)
  await(task)
end)
-- expect stderr: spawned at
-- expect stderr is: Error in task: broken (#3 late awaited #2 fail, reported above)
sleep(2)
io.stderr:write "the end\n"                        -- expect stderr is: the end
-- expect status: 1
