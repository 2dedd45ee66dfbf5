-- Both have passed when the shield lets go, the inner one first.
print(async.move_on_after(2, function()
  print("never", async.move_on_after(1, function()
    async.shield(sleep, 3)
    print("out of the shield", async.now())        -- expect: out of the shield	3.0
    sleep(0)
    print("never")
  end))
end))
-- expect: nil	timeout
print(async.now())                                 -- expect: 3.0
