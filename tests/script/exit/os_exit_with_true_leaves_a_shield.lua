local function leave(code)
  local guard <close> = async.defer(function() print "closed" end)
  async.shield(function()
    pcall(os.exit, code, true)
    print "never"
  end)
  print "never"
end
spawn(function()
  async.shield(sleep, 2)
  print("another shield holds", async.now())
  sleep(0)
  print "never"
end)
sleep(1)
leave(4)
-- expect: closed
-- expect: another shield holds	2.0
-- expect status: 4
