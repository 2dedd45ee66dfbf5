local ch = async.channel(1)
ch:send("kept")
local task = spawn(function()
  local guard <close> = async.defer(function(err) print(err, async.now()) end)
  print(async.shield(function()                    -- expect: the result
    sleep(2)
    sleep(1)
    return "the result"
  end))
  print("what does not wait goes on")              -- expect: what does not wait goes on
  pcall(ch.recv, ch)
  print("never")
end)
sleep(1)
task:cancel("from outside")
-- expect: cancelled: from outside	3.0
print(task:pawait())                               -- expect: false	cancelled: from outside
print(#ch)                                         -- expect: 1
