async.scope(function(s)
  s:spawn(function() sleep(2) print("slow child", async.now()) end)
  s:spawn(function() sleep(1) print("fast child", async.now()) end)
  print("fn is over", async.now())                 -- expect: fn is over	0.0
end)
-- expect: fast child	1.0
-- expect: slow child	2.0
print("after it", async.now())                     -- expect: after it	2.0
