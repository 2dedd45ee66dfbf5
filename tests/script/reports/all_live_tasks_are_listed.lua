local a = spawn({name = "a"}, sleep, 1)
spawn({name = "b", daemon = true}, sleep, 10)
spawn({name = "c"}, sleep, 2)
local function show()
  local words = {}
  for i, task in ipairs(async.tasks()) do words[i] = task.id .. " " .. task.name end
  print(table.concat(words, ", "))
end
print(async.tasks()[1] == async.current(), async.tasks()[2] == a)  -- expect: true	true
show()                                             -- expect: 1 all_live_tasks_are_listed.lua, 2 a, 3 b, 4 c
sleep(1.5)
show()                                             -- expect: 1 all_live_tasks_are_listed.lua, 3 b, 4 c
sleep(1)
spawn({name = "d"}, print):cancel()
show()                                             -- expect: 1 all_live_tasks_are_listed.lua, 3 b, 5 d
