-- Where they just do not fit depends on Lua: somewhere in this range.
local refused = 0
for n = 999900, 999999, 9 do
  local ok, err = pcall(async.scope, function(outer)
    outer:spawn(function()
      async.scope(function(s) s:spawn(function() sleep(50) end) end)
    end)
    sleep(0)
    return table.unpack({}, 1, n)
  end)
  if not ok and tostring(err):find("too many results", 1, true) then refused = refused + 1 end
  collectgarbage()
end
print(refused > 0, #async.tasks())                 -- expect: true	1
