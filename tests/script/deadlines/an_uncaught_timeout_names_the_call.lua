-- expect stderr is: Error in task: timed out after 2 seconds
local function patience()
  async.with_timeout(2, function()                 -- expect stderr: $FILE:$LINE: in
    sleep(10)
  end)
end
patience()                                         -- expect stderr: $FILE:$LINE: in
-- expect status: 1
