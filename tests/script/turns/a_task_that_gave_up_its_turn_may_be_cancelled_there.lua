-- Nothing was taken then; but what an action has brought already is given first.
local ch = async.channel(200)
for i = 1, 100 do ch:send(i) end
async.checkpoint()
for i = 1, 100 do ch:send(i) end
async.actions.now = function(_, wake) wake("brought") end

local function canceller(task)
  return function() print(task:cancel("enough"), (task:status())) end
end

local receiver = spawn(function()
  for _ = 1, 129 do ch:recv() end
end)
spawn(canceller(receiver))
print(select(2, receiver:pawait()), #ch)
-- expect: true	runnable
-- expect: cancelled: enough	72

local actor = spawn(function()
  for _ = 1, 128 do await{action = "now"} end
  print(await{action = "now"})
  print(pcall(await, {action = "now"}))
end)
spawn(canceller(actor))
print(select(2, actor:pawait()))
-- expect: true	runnable
-- expect: brought
-- expect: cancelled: enough
