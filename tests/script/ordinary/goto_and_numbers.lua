for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    print(i, j)
    ::continue::
  end
end
print(7 // 2, -7 // 2, 7.0 // 2, 7 % -3, -7 % 3, 7 / 2, 2 ^ 10, 1e15, 2 ^ 53)
print(1 // 0.0, -1 // 0.0, 0/0 ~= 0/0, math.huge, -math.huge)
print(pcall(function() return 1 // 0 end))
print(pcall(function() return 1 % 0 end))
print(math.maxinteger + 1 == math.mininteger, math.type(1), math.type(1.0), math.type "1")
print(3 | 4, 7 & 2, 5 ~ 1, ~0, 1 << 62, 1 >> 1, "10" + 5, "0x10" + 0, 10 .. 20)
print(math.tointeger(3.0), math.tointeger(3.5), math.ult(1, -1), math.fmod(-7, 3))
print(tostring(1e100), 100000000000000, 0.1, 1/3, -0.0)
print(string.format("%5.2f|%d|%x|%q|%s|%-5s|%a", 3.14159, 42, 255, "a\n\"b\"", nil, "ab", 1.0))
print(pcall(string.format, "%d", 1.5))
print(tonumber("  12  "), tonumber("1e1"), tonumber("z", 36), tonumber("8", 8), tonumber(""))
local t <const> = 5
do local a, b = 1 if a then b = 2 end print(a, b, t) end
