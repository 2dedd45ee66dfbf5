collectgarbage("incremental", 0, 1000000)
local t
local function arm()
  setmetatable({}, {__gc = function()
    if t and t:status() == "waiting" then t:cancel() end
    arm()
  end})
end
arm()
for i = 1, 500 do
  t = nil
  local new = spawn(function() sleep(100) end)
  sleep(0)
  local junk = {}
  for k = 1, i % 131 do junk[k] = {} end
  t = new
  async.tree()
  t = nil
  new:cancel()
  sleep(0)
end
print "done"                                       -- expect: done
