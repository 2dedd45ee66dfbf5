-- So clean-up may wait inside one.
local task = spawn(function()
  local outer <close> = async.defer(function()
    async.shield(function()
      sleep(1)
      print("outer", async.now())
    end)
  end)
  local inner <close> = async.defer(function()
    async.shield(sleep, 1)
    print("inner", async.now())
  end)
  sleep(10)
end)
sleep(1)
task:cancel()
-- expect: inner	2.0
-- expect: outer	3.0
print(task:pawait())                               -- expect: false	cancelled
