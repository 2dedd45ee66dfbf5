-- options: --virtual-time --traceback=off
async.scope(function(s)
  s:spawn(function()
    error("boom", 0)                               -- expect stderr is: Error in task: boom
  end)
end)
-- expect status: 1
