-- expect stderr is: Error in task: boom
-- expect stderr: #2 digger
async.scope(function(s)
  s:spawn({name = "digger"}, function()
    sleep(1)
    error("boom", 0)                               -- expect stderr: $FILE:$LINE: in
  end)
end)
-- expect status: 1
