local bar = async.progress{label = "list"}
for x, i in bar:each{"a", "b"} do io.write(x, i, " ") end
print() -- expect: a1 b2 
bar:close()
bar:close()
-- expect stderr is: list: 2/2 (100%) in 0 s

-- An iterator may wait.
local channel = async.channel(1)
spawn(function()
  for i = 1, 3 do channel:send(i); sleep(1) end
  channel:close()
end)
bar = async.progress{label = "iterator", total = 5}
local sum = 0
for x in bar:each(channel:iter()) do
  sum = sum + x
  if x == 3 then break end
end
print(sum) -- expect: 6
-- expect stderr is: iterator: 2/5 (40%), 2.0/s, 2 s left
bar:close()
-- expect stderr is: iterator: 2/5 (40%) in 2 s, 1.0/s

-- One that is forgotten ends with the run, and one that is left by an error says how far it was.
print(pcall(function()
  local left <close> = async.progress{total = 10, label = "left"}
  left:add(4)
  error("oops", 0)
end))
-- expect stderr is: left: 4/10 (40%) in 0 s
-- expect: false	oops
Forgotten = async.progress{total = 10, label = "forgotten"}
Forgotten:add(5)
-- expect stderr is: forgotten: 5/10 (50%) in 1 s, 5.0/s
