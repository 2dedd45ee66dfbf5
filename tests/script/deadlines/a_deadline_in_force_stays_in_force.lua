-- Clean-up cannot wait either, but in a shield.
print(async.move_on_after(1, function()
  local outer <close> = async.defer(function()
    async.shield(sleep, 1)
    print("shielded", async.now())
  end)
  local inner <close> = async.defer(function()
    sleep(1)
    print("never")
  end)
  sleep(10)
end))
-- expect: shielded	2.0
-- expect: nil	timeout
