for i = 1, 2 do
  spawn({daemon = true}, function()
    local guard <close> = async.defer(function(err)
      print(i, err.kind, err.reason, async.now())
      async.shield(sleep, 2)
      print(i, async.now())
    end)
    while true do pcall(sleep, 1) end
  end)
end
sleep(1.5)
-- expect: 1	cancelled	the run has ended	1.5
-- expect: 2	cancelled	the run has ended	1.5
-- expect: 1	3.5
-- expect: 2	3.5
