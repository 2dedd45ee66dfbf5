-- Large messages are unpacked while the collector rests, which makes up for that.
local ch = async.channel(1)
local sender = spawn(async.thread, function(out)
  local list = {}
  for i = 1, 20000 do list[i] = {i} end
  for _ = 1, 40 do out:send(list) end
  out:close()
end, ch)
local most = 0
for _ in ch:iter() do most = math.max(most, collectgarbage "count") end
await(sender)
print(most < 20 * 1024 or most)              -- expect: true
