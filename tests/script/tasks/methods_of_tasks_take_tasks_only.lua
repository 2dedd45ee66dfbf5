local task = spawn(sleep, 1)
for _, name in ipairs{"await", "pawait", "cancel", "status"} do
  print(name, (pcall(task[name])), (pcall(task[name], {})), (pcall(task[name], io.stdout)))
end
-- expect: await	false	false	false
-- expect: pawait	false	false	false
-- expect: cancel	false	false	false
-- expect: status	false	false	false
print(task:status())                               -- expect: runnable
