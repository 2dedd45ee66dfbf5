local t
t = spawn({name = "t"}, function()
  error(setmetatable({}, {__tostring = function()
    return tostring(async.current().error) .. " " .. t:status() .. " " .. #async.tasks() ..
      (async.tree():match(": %a+"))
  end}))
end)
-- expect stderr is: Error in task: nil running 1: running
-- expect stderr: spawned at
-- expect status: 1
