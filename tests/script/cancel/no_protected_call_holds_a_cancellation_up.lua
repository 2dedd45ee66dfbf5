local stop
local function loop(fn, ...)
  local arguments = table.pack(...)
  return spawn(function()
    while not stop do fn(table.unpack(arguments, 1, arguments.n)) end
  end)
end
local function resumed() return coroutine.resume(coroutine.create(sleep), 1) end
local ways = {
  {pcall, sleep, 1}, {pcall, pcall, sleep, 1}, {xpcall, sleep, print, 1},
  {resumed}, {pcall, resumed}, {xpcall, resumed, print},
  {function() coroutine.wrap(sleep)(1) end}, {pcall, function() coroutine.wrap(sleep)(1) end},
  {function() coroutine.wrap(pcall)(pcall, sleep, 1) end},
  {function() coroutine.wrap(resumed)() end},
  {pcall, coroutine.yield}, {pcall, await, {action = "sleep", delay = 1}},
  {pcall, await, setmetatable({}, {__await = function() pcall(sleep, 1) end})},
}
for _, way in ipairs(ways) do way.task = loop(table.unpack(way)) end
sleep(2.5)
for _, way in ipairs(ways) do way.task:cancel() end
sleep(0)
sleep(0)
for i, way in ipairs(ways) do
  if way.task:status() ~= "cancelled" then print(i, way.task:status()) end
end
stop = true
print(#ways, "looked at", async.now())             -- expect: 13	looked at	2.5
