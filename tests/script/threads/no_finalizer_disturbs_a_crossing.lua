-- What a finalizer takes out of a channel, or puts into a table, on the way to another thread is
-- neither doubled nor lost.
local way = async.channel(2)
async.thread(function() end, way) -- what is sent in it crosses
collectgarbage("incremental", 1, 1000)

local function received(channel)
  local values = {}
  for value in channel.try_recv, channel do values[#values + 1] = value end
  return values
end

local wrong = 0
for _ = 1, 500 do
  local channel, first = async.channel(10), nil
  local list = {channel}
  for i = 1, 3 do channel:send(i) end
  setmetatable({}, {__gc = function()
    first = first or channel:try_recv()
    for i = 1, 20 do list[i .. ""] = i end
  end})
  way:send(list)
  local sum = 0
  for _, value in ipairs(received(way:recv()[1])) do sum = sum + value end
  if sum + (first or 0) ~= 6 then wrong = wrong + 1 end
end
print(wrong) -- expect: 0
