-- SPDX-License-Identifier: MIT
--
-- calls.lua -- the functions of the library, each where it goes on at once, waits,
-- meets something closed or something cancelled.
--
-- A call has a body, which runs in a task, or a main, which does not; what runs in a
-- task before it; what comes after it, outside; with `ready` the body has begun before
-- anything happens.  W is what world.lua makes: a is the adapter.

local calls = {}

local function call(name, entry)
  entry.name = name
  calls[#calls + 1] = entry
end

local function in_task(name, body, after, before)
  call(name, {body = body, after = after, before = before})
end

-- The body waits already when the action comes.
local function waiting(name, body, after, before)
  call(name, {body = body, after = after, before = before, ready = true})
end

local function outside(name, main, before)
  call(name, {main = main, before = before})
end

-- A value whose metamethods are places for an action.
local function watched(W, value)
  return setmetatable(value or {}, {
    __tostring = function() W.point "callback" return "watched" end,
    __index = function() W.point "callback" end,
    __call = function() W.point "callback" end,
    __name = "watched",
  })
end

local function job(W, seconds, result)
  return function() W.a.sleep(seconds) return result end
end

local function failing(W, seconds)
  return function() W.a.sleep(seconds) error(watched(W)) end
end

-------------------------------------------------------------------------- time

in_task("sleep", function(W) W.a.sleep(1) end)
in_task("sleep_no_time", function(W) W.a.sleep(0) end)
in_task("sleep_for_ever", function(W) W.a.sleep(math.huge) end, function(W) W.t:cancel() end)
in_task("sleep_cancelled", function(W) W.t:cancel() pcall(W.a.sleep, 1) W.a.sleep(1) end)
waiting("sleeping", function(W) W.a.sleep(1) end)
waiting("sleeping_cancelled", function(W) W.a.sleep(9) end, function(W) W.t:cancel "x" end)
in_task("checkpoint", function(W) W.a.async.checkpoint() end)
in_task("yield_turn", function() coroutine.yield() end)
in_task("yield_sleep", function() coroutine.yield {action = "sleep", delay = 1} end)
in_task("yield_nonsense", function() pcall(coroutine.yield, 5) coroutine.yield "x" end)
in_task("every", function(W)
  local n = 0
  W.a.async.every(0.5, function() n = n + 1 W.point "callback" return n < 3 end)
end)
in_task("now", function(W) W.a.async.now() end)
outside("now_outside", function(W) W.a.async.now() end)
outside("sleep_outside", function(W) W.a.sleep(1) end)
call("foreign_sleep", {globals = false, body = function()
  coroutine.yield {action = "sleep", delay = 9}
end, after = function(W) W.time = W.time + 9 end})
call("foreign_turn", {globals = false, body = function() coroutine.yield() end})
call("foreign_nonsense", {globals = false, body = function() coroutine.yield(watched()) end})
call("without_globals", {globals = false, body = function(W)
  W.a.async.with_timeout(1, W.a.sleep, 9)
end})

------------------------------------------------------------------------- tasks

in_task("spawn", function(W) W.a.spawn(job(W, 1)) end)
in_task("spawn_named", function(W)
  W.a.spawn({name = ("n"):rep(50), daemon = true}, job(W, 1), 1, 2, 3)
end)
outside("spawn_outside", function(W) W.a.spawn(job(W, 1), 1) end)
outside("add_task", function(W) W.a.runner:add_task(watched(W)) end)
outside("spawn_mistaken", function(W) W.a.spawn({name = 5}, print) end)
outside("spawn_hooked", function(W) -- a task that is made here has the hook too
  debug.sethook(function() end, "", 1000)
  pcall(W.a.spawn, job(W, 1))
  debug.sethook()
end)
in_task("await", function(W) W.a.await(W.other) end)
in_task("pawait", function(W) W.other:pawait() end, function(W) W.other:cancel() end)
in_task("await_done", function(W) W.a.spawn(job(W, 0)):await() end)
in_task("await_ended", function(W) W.early:await() end, nil,
  function(W) W.early = W.a.spawn(function() return 1, 2, 3 end) end)
in_task("await_failing", function(W) W.a.spawn(failing(W, 1)):await() end)
in_task("pawait_failing", function(W) W.a.spawn(failing(W, 0)):pawait() end)
in_task("await_cancelled", function(W)
  local task = W.a.spawn(job(W, 9))
  W.a.sleep(0)
  task:cancel "x"
  task:pawait()
end)
waiting("awaiting", function(W) W.other:await() end, function(W) W.other:cancel() end)
in_task("await_object", function(W)
  W.a.await(setmetatable({}, {__await = function()
    W.point "callback"
    coroutine.yield {action = "sleep", delay = 1}
    W.point "callback"
    return 7
  end}))
end)
in_task("await_nonsense", function(W) pcall(W.a.await, 5) pcall(W.a.await, {}) W.a.await {action = "x"} end)
waiting("cancel", function(W) W.a.sleep(9) end, function(W) W.t:cancel(("x"):rep(100)) end)
in_task("cancel_itself", function(W) W.t:cancel "x" W.a.sleep(1) end)
in_task("cancel_other", function(W) W.other:cancel(watched(W)) W.other:pawait() end)
in_task("cancel_unstarted", function(W) W.a.spawn(job(W, 1)):cancel() end)
in_task("many_cancelled", function(W)
  local tasks = {}
  for i = 1, 5 do tasks[i] = W.a.spawn(job(W, i)) end
  W.a.sleep(0)
  for _, task in ipairs(tasks) do task:cancel() end
end)
outside("status", function(W)
  local other = W.other
  other:status() tostring(other)
  return other.id, other.name, other.error, other.nothing
end)
outside("tree", function(W) W.a.async.tree() end)
call("tree_loads", {loads = true, main = function(W) W.a.async.tree() end})
in_task("tree_inside", function(W) W.a.async.tree() W.a.async.tasks() W.a.async.current() end)
in_task("error", function() error "x" end)
in_task("error_object", function(W) error(watched(W)) end)
in_task("error_later", function(W) W.a.sleep(1) error(watched(W)) end)
in_task("error_twice", function(W)
  local task = W.a.spawn(function() error "first" end)
  W.a.sleep(1)
  task:await()
end)
in_task("error_in_close", function(W)
  local _ <close> = setmetatable({}, {__close = function() W.point "callback" error "x" end})
  error "y"
end)
in_task("return_values", function() return 1, nil, 3 end)

------------------------------------------------------------------------ scopes

in_task("scope", function(W)
  W.a.async.scope(function(s)
    W.scope = s
    s:spawn(job(W, 1))
    s:spawn(job(W, 2))
    W.a.sleep(0.5)
    return 1
  end)
end)
waiting("scope_waits", function(W)
  W.a.async.scope(function(s) W.scope = s s:spawn(job(W, 1)) end)
end)
waiting("scope_cancelled", function(W)
  W.a.async.scope(function(s) W.scope = s s:spawn(job(W, 9)) W.a.sleep(9) end)
end, function(W) W.scope:cancel(("x"):rep(100)) end)
in_task("scope_cancelled_inside", function(W)
  W.a.async.scope(function(s) W.scope = s s:spawn(job(W, 9)) s:cancel "x" W.a.sleep(9) end)
end)
in_task("scope_fails", function(W)
  W.a.async.scope(function(s) W.scope = s s:spawn(failing(W, 1)) s:spawn(job(W, 9)) end)
end)
in_task("scope_raises", function(W)
  W.a.async.scope(function(s) W.scope = s s:spawn(failing(W, 0)) W.a.sleep(1) error "x" end)
end)
in_task("scopes_nested", function(W)
  W.a.async.scope(function(s)
    W.scope = s
    s:spawn(function()
      W.a.async.scope(function(inner) inner:spawn(job(W, 9)) inner:spawn(failing(W, 1)) end)
    end)
  end)
end)
waiting("scope_spawn", function(W)
  W.a.async.scope(function(s) W.scope = s W.event:wait() end)
end, function(W) W.scope:spawn(job(W, 1)) W.event:set() end)
in_task("scope_ended", function(W)
  W.a.async.scope(function(s) W.scope = s end)
  pcall(W.scope.spawn, W.scope, print)
  W.scope:cancel()
  tostring(W.scope)
end)
in_task("with_timeout", function(W) W.a.async.with_timeout(1, W.a.sleep, 9) end)
in_task("with_timeout_made", function(W) W.a.async.with_timeout(2, job(W, 1)) end)
waiting("move_on_after", function(W) W.a.async.move_on_after(1, W.a.sleep, 9) end)
in_task("deadlines_nested", function(W)
  W.a.async.move_on_after(1, function()
    W.a.async.with_timeout(2, function() W.a.async.shield(W.a.sleep, 1.5) W.a.sleep(9) end)
  end)
end)
in_task("no_time", function(W) W.a.async.move_on_after(0, W.a.sleep, 9) end)
waiting("shield", function(W)
  W.a.async.shield(W.a.sleep, 1)
  W.a.sleep(9)
end, function(W) W.t:cancel() end)
outside("shield_outside", function(W) W.a.async.shield(W.point, "callback") end)
waiting("defer", function(W)
  local _ <close> = W.a.async.defer(function()
    W.point "callback"
    W.a.async.shield(W.a.sleep, 1)
  end)
  W.a.sleep(9)
end, function(W) W.t:cancel() end)

------------------------------------------------------------------- combinators

in_task("all", function(W) W.a.async.all {job(W, 1, "a"), W.other, job(W, 0)} end)
call("all_loads", {loads = true, body = function(W) W.a.async.all {job(W, 1), job(W, 0)} end})
in_task("all_failing", function(W) W.a.async.all {failing(W, 1), job(W, 9)} end)
in_task("all_watched", function(W)
  local list = {job(W, 1), job(W, 0)}
  W.a.async.all(setmetatable({}, {
    __len = function() W.point "callback" return #list end,
    __index = function(_, i) W.point "callback" return list[i] end,
  }))
end)
waiting("all_cancelled", function(W) W.a.async.all {job(W, 9), W.other} end,
  function(W) W.t:cancel() end)
in_task("any", function(W) W.a.async.any {failing(W, 0), job(W, 1), job(W, 9)} end)
in_task("any_failing", function(W) W.a.async.any {failing(W, 0), failing(W, 1)} end)
in_task("race", function(W) W.a.async.race {job(W, 9), job(W, 1), W.other} end)
in_task("map", function(W)
  W.a.async.map({2, 1, 0}, function(x) W.a.sleep(x / 2) return x end, {limit = 2})
end)
in_task("map_failing", function(W)
  W.a.async.map({1, 2}, function(x) W.a.sleep(x) error(watched(W)) end)
end)
in_task("map_goes_on", function(W)
  W.a.async.map({1, 0}, function(x) W.a.sleep(x) error(watched(W)) end, {keep_going = true})
end)
in_task("settle", function(W) W.a.async.settle {failing(W, 1), job(W, 0), W.other} end)
in_task("as_completed", function(W)
  for _ in W.a.async.as_completed {job(W, 1), failing(W, 0), job(W, 9)} do
    if W.time >= 1 then break end
  end
end)
in_task("retry", function(W)
  local tries = 0
  W.a.async.retry(3, function()
    tries = tries + 1
    W.point "callback"
    if tries < 3 then error "x" end
  end, {delay = 0.5})
end)

---------------------------------------------------------------------- channels

in_task("recv_ready", function(W) W.recv() end, nil, function(W) W.send(1) end)
waiting("recv_waits", function(W) W.recv() end, function(W) W.send(1) end)
in_task("recv", function(W) W.recv() end, function(W) W.send(1) end)
in_task("recv_closed", function(W) W.channel:close() W.recv() end)
waiting("recv_closes", function(W) W.recv() end, function(W) W.channel:close() end)
waiting("recv_cancelled", function(W) W.recv() end, function(W) W.t:cancel() end)
in_task("recv_meets_sender", function(W) W.rendezvous:recv() end, nil, function(W)
  W.a.spawn(function() W.rendezvous:send(1) end)
end)
in_task("recv_frees_sender", function(W) W.recv() W.recv() end, nil, function(W)
  W.send(1)
  W.a.spawn(function() W.send(2) end)
end)
in_task("send", function(W) W.send(1) end)
in_task("send_waits", function(W) W.send(1) W.send(2) end, function(W) W.recv() end)
waiting("send_closes", function(W) W.rendezvous:send(1) end, function(W) W.rendezvous:close() end)
waiting("send_cancelled", function(W) W.rendezvous:send(1) end, function(W) W.t:cancel() end)
in_task("send_meets_receiver", function(W) W.send(1) end, nil, function(W)
  W.a.spawn(function() W.recv() end)
end)
in_task("send_mistaken", function(W)
  pcall(W.channel.send, W.channel)
  W.channel:close()
  W.channel:send(1)
end)
outside("send_outside", function(W) W.send(1) tostring(W.channel) return #W.channel end)
outside("recv_outside", function(W) W.recv() end, function(W) W.send(1) end)
outside("try", function(W)
  if W.channel:try_send(1) then W.sent = W.sent + 1 end
  if W.channel:try_recv() then W.received = W.received + 1 end
end)
in_task("iter", function(W) for _ in W.channel:iter() do W.received = W.received + 1 end end,
  function(W) W.send(1) W.channel:close() end)
outside("channel", function(W)
  local lib = W.a.async
  lib.channel(2, ("n"):rep(50)) lib.event "x" lib.lock "x" lib.semaphore(1, "x") lib.task_local {}
end)

------------------------------------------------------------------------ select

in_task("select", function(W) W.a.async.select {W.event, W.other, timeout = 9} end)
in_task("select_set", function(W) W.a.async.select {W.event, W.rendezvous} end,
  function(W) W.event:set() end)
in_task("select_for_ever", function(W) W.a.async.select {W.event, W.event} end)
in_task("select_receives", function(W)
  local _, value = W.a.async.select {W.channel, W.event}
  if value then W.received = W.received + 1 end
end, function(W) W.send(1) end)
in_task("select_ready", function(W)
  local _, value = W.a.async.select {W.event, W.channel}
  if value then W.received = W.received + 1 end
end, nil, function(W) W.send(1) end)
in_task("select_timeout", function(W) W.a.async.select {W.event, timeout = 1} end)
in_task("select_polls", function(W) W.a.async.select {W.event, timeout = 0} end)
in_task("select_watched", function(W) W.a.async.select(watched(W, {W.event, W.other})) end,
  function(W) W.event:set() end)
waiting("selecting", function(W) W.a.async.select {W.event, W.rendezvous, timeout = 9} end,
  function(W) W.rendezvous:close() end)
waiting("selecting_cancelled", function(W) W.a.async.select {W.event, W.other} end,
  function(W) W.t:cancel() end)

------------------------------------------------------------- events and locks

in_task("event", function(W) W.event:wait() end, function(W) W.event:set() end)
in_task("event_set", function(W) W.event:set() W.event:wait() tostring(W.event) end)
waiting("event_waits", function(W) W.event:wait() end, function(W) W.event:set() end)
outside("event_wakes_many", function(W) W.event:set() W.event:clear() return W.event:is_set() end,
  function(W) for _ = 1, 3 do W.a.spawn(W.event.wait, W.event) end end)
in_task("lock", function(W) local _ <close> = W.lock:acquire() W.a.sleep(1) end)
in_task("lock_held", function(W) W.lock:acquire() W.lock:release() end, nil, function(W)
  W.a.spawn(function() W.lock:acquire() W.a.sleep(1) W.lock:release() end)
end)
in_task("lock_kept", function(W) W.lock:acquire() end)
in_task("lock_lost", function(W) W.a.async.lock "lost":acquire() W.a.sleep(1) end)
in_task("lock_with", function(W) W.lock:with(W.a.sleep, 1) end)
in_task("lock_with_held", function(W) W.lock:with(job(W, 0)) end, nil, function(W)
  W.a.spawn(function() W.lock:acquire() W.a.sleep(1) W.lock:release() end)
end)
waiting("lock_cancelled", function(W) W.lock:acquire() end, function(W) W.t:cancel() end,
  function(W) W.a.spawn(function() W.lock:acquire() W.a.sleep(1) end) end)
in_task("lock_mistaken", function(W)
  pcall(W.lock.release, W.lock)
  W.lock:acquire()
  W.lock:acquire()
end)
in_task("places", function(W) W.places:with(W.a.sleep, 1) tostring(W.places) end)
in_task("places_taken", function(W) W.places:acquire() W.places:release() end, nil, function(W)
  W.a.spawn(function() local _ <close> = W.places:acquire() W.a.sleep(1) end)
end)
in_task("task_local", function(W)
  W.value:set(2)
  W.a.spawn(function() W.value:set(W.value:get()) end)
  W.a.sleep(0)
  return W.value:get()
end)

----------------------------------------------------------------------- actions

in_task("action", function(W) W.a.await {action = "act"} end, function(W) W.wake(1, 2) end)
waiting("action_fails", function(W) W.a.await {action = "act"} end,
  function(W) W.fail(watched(W)) end)
waiting("action_cancelled", function(W) W.a.await {action = "act"} end,
  function(W) W.t:cancel() end)
in_task("action_yielded", function(W) coroutine.yield(watched(W, {action = "act"})) end,
  function(W) W.wake() end)
in_task("action_at_once", function(W)
  W.a.async.actions.at_once = function(_, wake) W.point "callback" wake(1) end
  W.a.await {action = "at_once"}
end)
in_task("action_raises", function(W)
  W.a.async.actions.raises = function() W.point "callback" error "x" end
  W.a.await {action = "raises"}
end)
outside("actions", function(W)
  for _ in pairs(W.a.async.actions) do W.point "callback" end
  W.a.async.actions.new = watched(W)
end)

-------------------------------------------------------------- Lua's functions

in_task("generator", function(W)
  local next_one = coroutine.wrap(function()
    W.a.sleep(1)
    coroutine.yield(1)
    W.event:wait()
  end)
  next_one()
  next_one()
end, function(W) W.event:set() end)
in_task("resume", function(W)
  local co = coroutine.create(function() W.a.sleep(1) error(watched(W)) end)
  coroutine.resume(co)
  coroutine.status(co)
  coroutine.close(co)
end)
waiting("generator_cancelled", function(W)
  coroutine.wrap(function() coroutine.wrap(W.a.sleep)(9) end)()
end, function(W) W.t:cancel() end)
in_task("close_generator", function(W)
  local co = coroutine.create(function()
    local _ <close> = W.a.async.defer(function() W.point "callback" end)
    coroutine.yield()
  end)
  coroutine.resume(co)
  coroutine.close(co)
end)
in_task("running", function() return coroutine.running() end)
in_task("pcall", function(W) pcall(function() W.a.sleep(1) error "x" end) end)
in_task("xpcall", function(W)
  xpcall(failing(W, 1), function(e) W.point "callback" return tostring(e) end)
end)
waiting("pcall_cancelled", function(W) pcall(W.a.sleep, 9) W.a.sleep(9) end,
  function(W) W.t:cancel() end)
in_task("require", function(W)
  package.preload.slow = function() W.point "callback" W.a.sleep(1) return {} end
  W.a.spawn(require, "slow")
  require "slow"
end)

------------------------------------------------------------------- the adapter

outside("adapter_methods", function(W) tostring(W.a) return W.a:live() end)
outside("adapter_cancel", function(W) W.a:cancel(("x"):rep(100)) W.a:cancel "y" end)
waiting("adapter_close", function(W)
  local _ <close> = W.a.async.defer(function() W.point "callback" pcall(W.a.sleep, 1) end)
  W.a.sleep(9)
end, function(W) W.a:close() end)
outside("adapter_closes_all", function(W) W.a:close() end, function(W)
  for _ = 1, 2 do
    W.a.spawn(function() W.a.async.scope(function(s) s:spawn(W.a.sleep, 9) W.a.sleep(9) end) end)
    W.a.spawn(W.event.wait, W.event)
  end
end)
outside("after_close", function(W)
  local lib = W.a.async
  local now, scope, channel = lib.now, lib.scope, W.channel
  W.a:close()
  pcall(now) pcall(scope, print) pcall(channel.iter, channel) pcall(W.a.spawn, print)
  pcall(W.t.cancel, W.t)
end)

-- Some once more with a trace: names and places are asked for everywhere then.
local traced = {}
for _, name in ipairs {"spawn", "spawn_outside", "sleep", "sleeping_cancelled", "recv_waits",
  "select", "scope_cancelled", "await_failing", "action", "generator", "lock_held"} do
  traced[name] = true
end
for i = 1, #calls do
  if traced[calls[i].name] then
    local entry = {traced = true}
    for key, value in pairs(calls[i]) do entry[key] = value end
    call(calls[i].name .. "_traced", entry)
  end
end

return calls
