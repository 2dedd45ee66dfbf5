-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
spawn({name = "harry"}, function()
  sleep(math.huge)                                 -- expect stderr: #2 harry
end)
spawn({name = "ron"}, function()
  sleep(math.huge)                                 -- expect stderr: $FILE:$LINE
end)
-- expect status: 3
