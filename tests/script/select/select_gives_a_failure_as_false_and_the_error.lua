-- Select awaited the task: nothing is reported.
local mistake = setmetatable({}, {__tostring = function() return "my own" end})
local task = spawn(function()
  sleep(1)
  error(mistake)
end)
local index, ok, err = async.select{task}
print(index, ok, err, rawequal(err, mistake))      -- expect: 1	false	my own	true
print(async.select{async.channel(0), task})        -- expect: 2	false	my own
local cancelled = spawn(sleep, 10)
cancelled:cancel("enough")
print(async.select{cancelled})                     -- expect: 1	false	cancelled: enough
