local ch = async.channel(1)
ch:send("kept")
print(pcall(async.select, {ch, 7}))                -- expect: false	select: expected a channel, an event, a task or a stream at index 2, or a library's object that can be selected, got number
print(pcall(async.select, {{}, ch}))               -- expect: false	select: expected a channel, an event, a task or a stream at index 1, or a library's object that can be selected, got table
print(pcall(async.select, {}))                     -- expect: false	select: nothing to wait for
print(pcall(function()
  async.select{}                                   -- expect: false	$FILE:$LINE: select: nothing to wait for
end))
print((pcall(async.select)))                       -- expect: false
print((pcall(async.select, {ch, timeout = "soon"})))  -- expect: false
print((pcall(async.select, {ch, timeout = 0/0})))  -- expect: false
local liar = setmetatable({}, {__len = function() return -1 end})
print((pcall(async.select, liar)))                 -- expect: false
print(#ch)                                         -- expect: 1
