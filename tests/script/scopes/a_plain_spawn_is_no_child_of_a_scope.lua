print(async.scope(function(s)                      -- expect: nil	cancelled
  spawn(function()
    sleep(5)
    print("the plain one goes on", async.now())
  end)
  s:spawn(function()
    spawn(function()
      sleep(6)
      print("and the child's plain one", async.now())
    end)
    sleep(10)
  end)
  sleep(1)
  s:cancel()
end))
print("the scope is over", async.now())            -- expect: the scope is over	1.0
-- expect: the plain one goes on	5.0
-- expect: and the child's plain one	6.0
