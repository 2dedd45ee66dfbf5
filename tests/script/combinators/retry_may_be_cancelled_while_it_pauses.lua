local tries = 0
print(async.move_on_after(5, async.retry, 5, function()  -- expect: nil	timeout
  tries = tries + 1
  error("again")
end, {delay = 3}))
print(tries, async.now())                          -- expect: 2	5.0
