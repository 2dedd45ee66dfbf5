local list = async.all{
  function() return async.race{function() sleep(1) return "a" end, function() sleep(2) end} end,
  function() return async.any{function() error("b") end, function() sleep(1) return "c" end} end,
  function() return async.map({1, 2}, function(x) sleep(x) return x end)[2] end,
}
print(list[1], list[2], list[3], async.now())      -- expect: a	c	2	2.0
