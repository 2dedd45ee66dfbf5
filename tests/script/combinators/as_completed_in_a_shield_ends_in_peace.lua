-- Whatever cancels the run leaves what is in the shield alone.
-- options: --virtual-time --timeout=2
local task = spawn(function()
  async.shield(function()
    for i, ok, value in async.as_completed {
      function() sleep(1) return "a" end,
      function() sleep(3) return "b" end,
    } do
      print(i, ok, value)
    end
  end)
end)
-- expect: 1	true	a
-- expect: 2	true	b
sleep(math.huge)
-- expect stderr: timed out
-- expect status: 124
