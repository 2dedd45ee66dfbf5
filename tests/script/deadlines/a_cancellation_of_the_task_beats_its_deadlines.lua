local task = spawn(function()
  print("never", async.move_on_after(1, function()
    async.shield(sleep, 3)
    sleep(0)
  end))
end)
sleep(2)
task:cancel("from outside")
print(task:pawait())                               -- expect: false	cancelled: from outside
print(async.now())                                 -- expect: 3.0
