async.scope(function(s)
  local child = s:spawn({name = "adder"}, function(a, b)
    sleep(1)
    return a + b, "done"
  end, 2, 3)
  print(child.name, child:status())                -- expect: adder	runnable
  print(child:await())                             -- expect: 5	done
  print(child:status(), async.now())               -- expect: done	1.0
  print((pcall(s.spawn, s)))                       -- expect: false
  print((pcall(s.spawn, s, {nam = "x"}, print)))   -- expect: false
end)
print((pcall(async.scope)))                        -- expect: false
print((pcall(async.scope, 7)))                     -- expect: false
