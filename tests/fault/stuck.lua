-- Nothing can wake these: the host asks why, then cancels them.

local x, y = async.lock("x"), async.lock("y")
async.actions.unheard = function() return function() log "unheard" end end
local jobs = async.channel(0, "jobs")

local function take(a, b)
  local g <close> = guard()
  local first <close> = a:acquire()
  sleep(0.1)
  local second <close> = b:acquire()
end

spawn({name = "a"}, take, x, y)
local b = spawn({name = "b"}, take, y, x)
spawn({name = "c", daemon = true}, function() b:await() end)
spawn({name = "d"}, function()
  local g <close> = async.defer(function() async.shield(sleep, 0.1) log "clean" end)
  coroutine.wrap(function() jobs:recv() end)()
end)
async.scope(function(s)
  local g <close> = guard()
  s:spawn({name = "e"}, function() await {action = "unheard"} end)
  s:spawn({name = "f"}, function() async.select {jobs, async.event "go"} end)
end)
