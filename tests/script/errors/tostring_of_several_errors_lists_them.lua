local ok, err = pcall(async.scope, function(s)
  for i = 1, 2 do
    s:spawn(function()
      sleep(1)
      error("number " .. i .. "\nand a second line", 0)
    end)
  end
end)
local text = tostring(err)
print(text:match("^[^\n]*"))                       -- expect: 2 errors:
for line in text:gmatch("\n  (%d[^\n]*)") do print(line) end
-- expect: 1. number 1
-- expect: 2. number 2
print(select(2, text:gsub("\n   +and a second line", "")))  -- expect: 2
