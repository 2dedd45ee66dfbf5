local ch, said = async.channel(0), async.channel(10)
local t = spawn(async.thread, function(c, s)
  for i = 1, 3 do
    c:send(i)
    s:send("sent " .. i)
  end
  c:close()
end, ch, said)
sleep(0.05)
print(#said, #ch)                            -- expect: 0	0
for value in ch:iter() do
  print(value, said:recv())
end
-- expect: 1	sent 1
-- expect: 2	sent 2
-- expect: 3	sent 3
await(t)
print(async.move_on_after(0.01, ch.recv, ch))  -- expect: nil
local full = async.channel(1)
local u = spawn(async.thread, function(c) sleep(1000) return c end, full)
checkpoint = async.checkpoint
checkpoint()
full:send(1)
print(full:try_send(2))                      -- expect: nil	full
print(async.move_on_after(0.01, full.send, full, 3))  -- expect: nil	timeout
print(full:recv(), full:try_recv())          -- expect: 1	nil	empty
u:cancel()
