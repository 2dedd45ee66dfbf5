print(async.scope(function(s)                      -- expect: nil	cancelled
  print("never", async.move_on_after(1, function()
    async.shield(sleep, 2)
    s:cancel()
    sleep(0)
  end))
end))
print(async.move_on_after(2, function()            -- expect: nil	timeout
  print("never", async.scope(function(s)
    s:cancel()
    async.shield(sleep, 3)
    sleep(0)
  end))
end))
