local task = spawn(function() sleep(1) return 0 end)
for _ = 1, 10000 do
  local before = task
  task = spawn(function() return await(before) + 1 end)
end
print(await(task), async.now())                    -- expect: 10000	1.0
