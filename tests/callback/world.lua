-- SPDX-License-Identifier: MIT
--
-- world.lua -- a loop, an adapter in it, one call, and an action in the middle of it.
--
-- Run with the functions of subject.c, the module and the calls of calls.lua.  Gives
-- the names of calls and actions, and run(call, action).

local host, async, calls = ...

local HORIZON = 30 -- seconds that are waited for whatever goes on
local MANY = 400   -- functions of the loop's in one of its runs

------------------------------------------------------------------- the loop

local W -- what the call that is tested and the actions find

local function earliest()
  local first
  for i, request in ipairs(W.queue) do
    if not first or request.at < W.queue[first].at then first = i end
  end
  return first, first and W.queue[first].at or math.huge
end

-- A place where a program's own Lua code runs: perhaps the action does.
local function point(kind)
  if host.point(kind) then return W.fire(kind) end
end

-- Calls what is due until `time`.
local function run_loop(time, look)
  for _ = 1, MANY do
    local i, at = earliest()
    if at > time then return end
    W.time = math.max(W.time, at)
    table.remove(W.queue, i).fn()
    if look then look() end
  end
  if look then W.fault "the loop does not come to rest" end
end

local function now()
  point "clock"
  return W.time
end

local function call_later(seconds, fn)
  local at = W.time + seconds
  local request = {at = at, fn = fn} -- whatever may run meanwhile
  W.queue[#W.queue + 1] = request
  W.asking = true
  point "callback"
  W.asking = false
end

-- Tells of what is strange in any case.
local function on_error(message)
  point "callback"
  if message:find("(tinyasync)", 1, true) or message:find "resumed or closed by somebody else" then
    W.fault("reported: " .. message)
  end
end

local function open(options)
  W.asking = false
  local adapter = async.adapter(call_later, now,
    {globals = options.globals ~= false, on_error = on_error})
  host.adopt(async.now, options.traced == true)
  W.adapters[#W.adapters + 1] = adapter
  W.a = adapter
end

------------------------------------------------------------------ the actions

local actions = {}

local function action(name, fn)
  actions[#actions + 1] = {name = name, fn = fn}
end

action("nothing", function() end)
action("cancel", function() W.t:cancel "by the action" end)
action("cancel_other", function() W.other:cancel("by the action") end)
action("cancel_all", function() W.a:cancel "by the action" end)
action("cancel_scope", function() W.scope:cancel "by the action" end)
action("set", function() W.event:set() end)
action("set_and_clear", function() W.event:set() W.event:clear() end)
action("clear", function() W.event:clear() end)
action("send", function() W.send(1) end)
action("recv", function() W.recv() end)
action("meet", function() W.rendezvous:send(1) end)
action("close_channels", function() W.channel:close() W.rendezvous:close() end)
action("release_lock", function() W.lock:release() end)
action("acquire_lock", function() W.lock:acquire() end)
action("release_place", function() W.places:release() end)
action("wake", function() W.wake(1) end)
action("fail", function() W.fail "failed by the action" end)
action("spawn", function() W.a.spawn(function() W.a.sleep(1) end) end)
action("spawn_in_scope", function() W.scope:spawn(W.a.sleep, 1) end)
action("set_local", function() W.value:set(3) end)
action("wait", function() W.a.sleep(1) end)
action("await", function() W.t:await() end)
action("select", function()
  local index, value = W.a.async.select {W.event, W.channel, timeout = 1}
  if index == 2 and value then W.received = W.received + 1 end
end)
action("scope", function() W.a.async.scope(function(s) s:spawn(W.a.sleep, 1) end) end)
action("shield", function() W.a.async.shield(pcall, W.a.sleep, 1) end)
action("generator", function()
  local next_one = coroutine.wrap(function() W.event:set() coroutine.yield(1) end)
  next_one()
end)
action("look", function()
  W.a.async.tree() W.a.async.tasks() tostring(W.t) W.t:status() W.other:status()
end)
action("loop", function() run_loop(W.time) end)
action("loop_later", function() run_loop(W.time + 10) end)
action("time", function() W.time = W.time + 10 end)
action("collect", function() collectgarbage() end)
action("lose", function()
  W.t, W.other, W.event, W.channel, W.lock, W.scope, W.places = nil
  collectgarbage()
end)
action("no_handler", function() W.a.async.actions.act = nil end)
action("another", function()
  local adapter = async.adapter(call_later)
  W.adapters[#W.adapters + 1] = adapter -- the one before was closed
  host.adopt(async.now)
end)
action("close", function() W.a:close() end)
action("reopen", function()
  W.a:close()
  open {}
  W.a.spawn(function() W.a.sleep(1) end)
end)
action("raise", function() error "by the action" end)
action("raise_object", function()
  error(setmetatable({}, {__tostring = function() error "no text" end}))
end)

-------------------------------------------------------------------- the checks

-- The program will come back when something is to be done: unless it has refused.
local function look_at_requests()
  local runnable, timer = host.wants()
  local _, at = earliest()
  if W.refused or at <= W.time then return end
  if runnable then W.fault "tasks are runnable, and no pass is asked for" end
  if timer + 1e-6 < at and timer < math.huge then
    W.fault("a task sleeps until %g, and a pass is asked for at %g", timer, at)
  end
end

-- Is anything not as it must be between two functions of the loop?
local function look()
  host.look(W.event, W.channel, W.rendezvous)
  look_at_requests()
end

-- What was sent was received, or is still there.
local function count_values()
  if not W.channel or W.a:live() == 0 and not pcall(function() return #W.channel end) then return end
  local held = #W.channel
  if W.sent ~= W.received + held then
    W.fault("%d values were sent, %d received and %d are left", W.sent, W.received, held)
  end
end

local function drain()
  look()
  run_loop(W.time + HORIZON, look)
end

-- The action may have made call_later() raise: the next request has to do.
local function ask_once_more()
  if not W.refused then return end
  W.refused = false
  W.a.spawn(function() end)
end

local function finish()
  pcall(ask_once_more)
  drain()
  if W.adapters[2] == nil then count_values() end
  for _, adapter in ipairs(W.adapters) do
    adapter:cancel "the end"
    drain()
    if adapter:live() > 0 then W.fault("%d waits never end", adapter:live()) end
    host.look_at_end()
    adapter:close()
  end
  for _, name in ipairs {"async", "await", "sleep", "spawn", "runner"} do
    if rawget(_G, name) then W.fault("the global %s is still there", name) end
  end
  if next(async, next(async)) then W.fault "the module was not emptied" end
end

---------------------------------------------------------------- one call's world

-- What calls and actions share.
local function make_things(call)
  local lib = W.a.async
  W.event, W.channel, W.rendezvous = lib.event "ev", lib.channel(1, "ch"), lib.channel()
  W.lock, W.places, W.value = lib.lock "lk", lib.semaphore(1, "sem"), lib.task_local(1)
  lib.actions.act = function(_, wake, fail)
    W.wake, W.fail = wake, fail
    point "callback"
    return function() point "callback" end
  end
  if call.loads then return end
  -- What is loaded at first use would be most of a call's requests.
  assert(lib.tree() and lib.all)
end

local function make_other()
  W.other = W.a.spawn({name = "other"}, function() W.a.sleep(5) return 5 end)
end

local function set_up()
  local channel
  function W.send(value)
    channel = W.channel
    channel:send(value)
    W.sent = W.sent + 1
  end
  function W.recv()
    channel = W.channel
    local value = channel:recv()
    if value then W.received = W.received + 1 end
    return value
  end
end

local function new_world(call, number)
  W = {queue = {}, adapters = {}, time = 0, sent = 0, received = 0, point = point}
  local world = W
  function W.fault(...) host.fault(string.format(...)) end
  function W.fire(kind)
    collectgarbage "stop"
    if W ~= world or W.fired then return end
    W.fired = true
    local act = actions[number]
    if not act.name:find "raise" then return pcall(act.fn) end
    W.refused = W.asking and kind == "callback"
    act.fn()
  end
  set_up()
  open(call)
  make_things(call)
  make_other()
end

-- Runs the call with the action, which the host has begin at some point.
local function run(number, which)
  local call = calls[number]
  new_world(call, which)
  if call.before then W.a.spawn(call.before, W) end
  run_loop(W.time)
  W.t = call.body and W.a.spawn({name = "call"}, call.body, W)
  if call.ready then run_loop(W.time) end
  host.arm(setmetatable({}, {__gc = function() W.fire "request" end}))
  if call.main then pcall(call.main, W) end
  pcall(run_loop, W.time)
  look()
  if call.after then pcall(call.after, W) end
  pcall(run_loop, W.time)
  look()
  pcall(run_loop, W.time + 2)
  host.disarm()
  W.fired = true -- or it never will be
  finish()
end

local function names_of(list)
  local names = {}
  for i, entry in ipairs(list) do names[i] = entry.name end
  return names
end

return {calls = names_of(calls), actions = names_of(actions), run = run}
