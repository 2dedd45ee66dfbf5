local ch = async.channel(3)
spawn(function()
  for i = 1, 6 do ch:send(i) end
  ch:close()
end)
local got = {}
for v in ch:iter() do
  got[#got + 1] = v
  if v == 3 then sleep(1) end
end
print(table.concat(got, " "))                      -- expect: 1 2 3 4 5 6
