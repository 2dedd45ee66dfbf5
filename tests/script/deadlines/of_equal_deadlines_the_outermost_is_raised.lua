print(async.move_on_after(1, function()            -- expect: nil	timeout
  print("never", async.move_on_after(1, function()
    print("never", async.move_on_after(1, sleep, 10))
  end))
end))
print(async.now())                                 -- expect: 1.0
