-- The deadline passed before the task was cancelled, behind a shield.
local task = spawn(function()
  local outer <close> = async.defer(function(err) print("outer", err) end)
  print("never", pcall(async.move_on_after, 1, function()
    local inner <close> = async.defer(function(err) print("inner", err) end)
    async.shield(sleep, 3)
    sleep(0)
  end))
end)
sleep(2)
task:cancel "by hand"
print(task:pawait())
-- expect: inner	cancelled: by hand
-- expect: outer	cancelled: by hand
-- expect: false	cancelled: by hand
