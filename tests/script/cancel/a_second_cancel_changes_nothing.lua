local task = spawn(function()
  local guard <close> = async.defer(function()
    print(async.current():cancel "in clean-up")
    async.shield(sleep, 1)
  end)
  sleep(10)
end)
sleep(1)
print(task:cancel "first", task:cancel "second")
-- expect: true	false
sleep(0.5)
-- expect: false
print(task:cancel "during clean-up")               -- expect: false
print(select(2, task:pawait()).reason)             -- expect: first
print(task:cancel "third", task.error.reason)      -- expect: false	first
