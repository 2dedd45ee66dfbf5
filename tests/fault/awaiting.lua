-- Results and failures of tasks, objects that can be awaited, actions,
-- cancellation with clean-up that waits.

local function child(...)
  local g <close> = guard()
  sleep(0.1)
  return ...
end

local function failing(text)
  local g <close> = guard()
  sleep(0.1)
  error(text, 0)
end

-- Objects inside objects, three deep.
local function awaitable(depth)
  return setmetatable({}, {__await = function()
    local g <close> = guard()
    coroutine.yield {action = "sleep", delay = 0.05}
    if depth == 0 then return await(spawn(child, "deep")) end
    return await(awaitable(depth - 1))
  end})
end

-- Actions: answered later, failed later, given up.
async.actions.later = function(request, wake)
  spawn({name = "waker"}, function()
    sleep(request.after)
    log(wake(request.value, nil, 3), wake "twice")
  end)
end
async.actions.never = function() return function() log "given up" end end
async.actions.broken = function(_, _, fail) fail(setmetatable({}, {
  __tostring = function() return "planned: action" end})) end

spawn({name = "joins"}, function()
  local a, b = spawn(child, 1, nil, 3), spawn(failing, "planned: awaited")
  log(a:await())
  log(b:pawait())
  log(a:status(), b:status(), a.error, b.error)
  log(try(await, b))
  log(await(awaitable(2)))
  log(await {action = "later", after = 0.1, value = "answer"})
  log(select("#", coroutine.wrap(function() return await {action = "later", after = 0} end)()))
  log(try(await, {action = "broken"}))
  log(try(function() async.with_timeout(0.1, await, {action = "never"}) end) == nil)
end)

-- A chain of tasks that fail of one error.
spawn({name = "chain"}, function()
  local last = spawn(failing, "planned: chain")
  for _ = 1, 3 do
    local inner = last
    last = spawn(function() local g <close> = guard() inner:await() end)
  end
  last:await()
end)

-- Clean-up in shields, in nested coroutines, behind pcall and xpcall.
local victim = spawn({name = "victim"}, function()
  local g <close> = guard()
  local slow <close> = async.defer(function()
    async.shield(sleep, 0.2)
    log "clean"
  end)
  coroutine.wrap(function()
    local h <close> = guard()
    xpcall(function() pcall(sleep, 100) end, function() log "handler!" end)
  end)()
end)
local stubborn = spawn({name = "stubborn"}, function()
  async.shield(function()
    local g <close> = guard()
    sleep(0.3)
    spawn(child)
  end)
  log "shield left"
  sleep(100)
end)
local unborn = spawn({name = "unborn"}, log, "never")
unborn:cancel()
sleep(0.05)
log(async.tree():match "victim" or "no victim")
log(victim:cancel("reason"), victim:cancel(), stubborn:cancel())
log(victim:pawait())
log(stubborn:pawait())
log(kind(victim.error), unborn:status())
log((xpcall(function() error("planned: caught", 0) end, debug.traceback)))
spawn(function() async.current():cancel() sleep(1) end)
spawn(function() local g <close> = async.defer(function() error("planned: clean-up", 0) end)
  async.current():cancel() sleep(0) end)
sleep(0.5)
