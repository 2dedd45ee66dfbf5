local task = spawn(function()
  async.shield(function()
    async.shield(sleep, 2)
    sleep(1)
    print("the outer one still holds", async.now())  -- expect: the outer one still holds	3.0
  end)
  sleep(0)
  print("never")
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
async.shield(function()
  print(async.move_on_after(1, function()          -- expect: the inner one holds as well	5.0
    async.shield(sleep, 2)
    return "the inner one holds as well", async.now()
  end))
end)
