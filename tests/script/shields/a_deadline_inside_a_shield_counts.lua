local task = spawn(function()
  async.shield(function()
    print(async.move_on_after(2, sleep, 10))       -- expect: nil	timeout
    print(async.now())                             -- expect: 2.0
    print(async.with_timeout(2, sleep, 1))         -- expect: 1.0
  end)
  print("unshielded", async.now())                 -- expect: unshielded	3.0
  sleep(0)
  print("never")
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
