-- A task that was cancelled before its turn came leaves what it has seen to the others.
local c = async.channel(math.huge)
async.thread(function() end, c) -- from now on it leads elsewhere
local function take(channel) return channel:try_recv() end

local function cancelled_before_the_last(receive)
  for i = 1, 200 do c:send(i) end
  local last = 0
  local task = spawn(function() while true do last = receive() end end)
  async.checkpoint()
  task:cancel()
  pcall(task.await, task)
  print(async.thread(take, c) == last + 1, last < 200) -- expect: true	true
  while c:try_recv() do end                            -- expect: true	true
end

cancelled_before_the_last(function() return c:recv() end)
cancelled_before_the_last(function() return (select(2, async.select {c})) end)

-- The other way round: what was seen, and has gone elsewhere meanwhile, is waited for anew.
for _, receive in ipairs {function() return c:recv() end,
                          function() return select(2, async.select {c}) end} do
  for i = 1, 129 do c:send(i) end
  local task = spawn(function()
    for _ = 1, 128 do receive() end
    return receive()
  end)
  async.checkpoint() -- it has seen the last
  print(#c, c:try_recv())                    -- expect: 1	129
  async.thread(function(ch) ch:send "later" end, c)
  print(task:await())                        -- expect: later
end                                          -- expect: 1	129
-- expect: later
