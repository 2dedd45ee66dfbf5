-- expect stderr is: Error in task: 2 errors:
-- expect stderr is:   1. first
-- expect stderr is:   2. second
-- expect stderr: stack traceback:
async.scope(function(s)
  s:spawn({name = "one"}, function()
    sleep(1)
    -- expect stderr: error 1, in #2 one:
    error("first", 0)                              -- expect stderr: $FILE:$LINE: in
  end)
  s:spawn({name = "two"}, function()
    sleep(1)
    -- expect stderr: error 2, in #3 two:
    error("second", 0)                             -- expect stderr: $FILE:$LINE: in
  end)
end)
-- expect status: 1
