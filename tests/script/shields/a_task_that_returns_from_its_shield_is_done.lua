local task = spawn(function()
  return async.shield(function()
    sleep(2)
    return "whole"
  end)
end)
sleep(1)
print(task:cancel())                               -- expect: true
print(task:pawait())                               -- expect: true	whole
print(task:status())                               -- expect: done
