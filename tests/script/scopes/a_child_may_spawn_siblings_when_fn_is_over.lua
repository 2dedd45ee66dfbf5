async.scope(function(s)
  s:spawn(function()
    sleep(1)
    s:spawn(function()
      sleep(1)
      print("sibling", async.now())                -- expect: sibling	2.0
    end)
  end)
end)
print(async.now())                                 -- expect: 2.0
