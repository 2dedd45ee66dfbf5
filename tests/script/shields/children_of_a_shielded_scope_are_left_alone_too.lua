-- Clean-up may use scopes and what is built of them, begun before the end or after.
spawn(function()
  async.shield(function()
    print(table.unpack(async.map({3, 2}, function(seconds) sleep(seconds) return seconds end)))
    print(async.all{function() sleep(1) return "after" end}[1], async.now())
  end)
  sleep(0)
  print "never"
end)
sleep(1)
os.exit(0, true)
-- expect: 3	2
-- expect: after	4.0
