print(async.scope(function(s)
  local child = s:spawn(function()
    sleep(10)
    print("never")
  end)
  s:spawn(function()
    async.current():cancel("I give up")
    sleep(1)
    print("never")
  end)
  s:spawn(function()
    sleep(2)
    print("the others go on", async.now())
  end)
  sleep(1)
  print(child:cancel())                            -- expect: true
  return "and so does fn"
end))
-- expect: the others go on	2.0
-- expect: and so does fn
