print(async.move_on_after(1, function()
  async.shield(function()
    sleep(2)
    print("shielded", async.now())                 -- expect: shielded	2.0
    print(async.move_on_after(5, sleep, 1))        -- expect: 1.0
  end)
  print("still made it", async.now())              -- expect: still made it	3.0
  sleep(0)
  print("never")
end))
-- expect: nil	timeout
