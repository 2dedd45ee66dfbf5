async.all{
  function() print("first", async.current().id) sleep(1) print("first again") end,
  function() print("second", async.current().id) end,
  function() print("third", async.current().id) sleep(1) print("third again") end,
}
-- expect: first	2
-- expect: second	3
-- expect: third	4
-- expect: first again
-- expect: third again
