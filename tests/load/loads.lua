-- The loads that main.c names, each a function of the number of tasks.  Each ends
-- as many times in `ended` as there were tasks.

ended = 0

local function count() ended = ended + 1 end

-- A task that waits and counts when it is unwound.
local function sleeper()
  local g <close> = async.defer(count)
  sleep(1000)
end

local load = {}

function load.a_scope_with_very_many_tasks_is_cancelled_at_once(n)
  local _, why = async.scope(function(s)
    for _ = 1, n do s:spawn(sleeper) end
    sleep(1)
    s:cancel()
  end)
  assert(why == "cancelled" and async.now() == 1)
end

function load.very_many_tasks_are_cancelled_one_by_one(n)
  local tasks = {}
  for i = 1, n do tasks[i] = spawn(sleeper) end
  sleep(1)
  for i = 1, n do assert(tasks[i]:cancel(i)) end
  for i = 1, n do assert(select(2, tasks[i]:pawait()).reason == i) end
end

function load.a_scope_with_very_many_tasks_ends(n)
  async.scope(function(s)
    for i = 1, n do s:spawn(function() sleep(i % 7) count() end) end
  end)
end

function load.very_many_tasks_sleep(n)
  local function rest(seconds) sleep(seconds) count() end
  for i = 1, n do spawn(rest, i % 7 + 1) end
  sleep(9)
end

-- ------------------------------------------------------------------- awaits

-- A chain of n tasks that await one another; the first task does fn.
local function chain(n, fn)
  local tasks = {spawn(fn)}
  for i = 2, n do
    local inner = tasks[i - 1]
    tasks[i] = spawn(function()
      local g <close> = async.defer(count)
      return inner:await()
    end)
  end
  return tasks
end

function load.a_long_chain_of_awaits_gives_its_result(n)
  local tasks = chain(n, function() sleep(1) count() return 1, nil, 3 end)
  assert(select("#", tasks[n]:await()) == 3)
end

function load.a_long_chain_of_awaits_fails(n)
  local tasks = chain(n, function() sleep(1) count() error("planned", 0) end)
  local ok, err = tasks[n]:pawait()
  assert(not ok and err == "planned")
end

function load.a_long_chain_of_awaits_is_cancelled_at_its_source(n)
  local tasks = chain(n, sleeper)
  sleep(1)
  tasks[1]:cancel "reason"
  local ok, err = tasks[n]:pawait()
  assert(not ok and err.reason == "reason" and tasks[1]:status() == "cancelled")
  assert(tasks[2]:status() == "failed")
end

function load.a_long_chain_of_awaits_is_cancelled_as_a_whole(n)
  async.scope(function(s)
    local last = s:spawn(sleeper)
    for _ = 2, n do
      local inner = last
      last = s:spawn(function() local g <close> = async.defer(count) inner:await() end)
    end
    sleep(1)
    s:cancel()
  end)
end

-- ------------------------------------------------------------------- scopes

-- A task in a scope in a task, n deep; the innermost does fn.
local function nest(n, fn)
  local g <close> = async.defer(count)
  if n == 1 then return fn() end
  async.scope(function(s) s:spawn(nest, n - 1, fn) end)
end

function load.deeply_nested_scopes_are_cancelled_from_the_top(n)
  local top = spawn(nest, n, function() sleep(1000) end)
  sleep(1)
  assert(#async.tree() > 1000)
  top:cancel()
  assert(not top:pawait())
end

function load.deeply_nested_scopes_fail_from_the_bottom(n)
  local ok, err = spawn(nest, n, function() sleep(1) error("planned", 0) end):pawait()
  assert(not ok and err == "planned")
end

function load.deeply_nested_scopes_meet_a_deadline(n)
  assert(select(2, async.move_on_after(1, nest, n, function() sleep(1000) end)) == "timeout")
end

function load.very_many_deadlines_are_met(n)
  async.scope(function(s)
    for i = 1, n do
      s:spawn(function() async.with_timeout(10, sleep, i % 7) count() end)
    end
  end)
end

function load.very_many_deadlines_are_missed(n)
  async.scope(function(s)
    for i = 1, n do
      s:spawn(function()
        local _, why = async.move_on_after(i % 7 + 1, sleep, 10)
        assert(why == "timeout")
        count()
      end)
    end
  end)
end

-- ------------------------------------------------------- what tasks share

function load.a_lock_goes_through_very_many_hands(n)
  local lock = async.lock()
  async.scope(function(s)
    for _ = 1, n do
      s:spawn(function()
        local g <close> = lock:acquire()
        sleep(0)
        count()
      end)
    end
  end)
end

function load.very_many_waiters_for_a_lock_are_cancelled(n)
  local lock = async.lock()
  lock:acquire()
  async.scope(function(s)
    for _ = 1, n do
      s:spawn(function()
        local g <close> = async.defer(count)
        lock:with(sleep, 1)
      end)
    end
    sleep(1)
    s:cancel()
  end)
  lock:release()
end

function load.a_semaphore_goes_through_very_many_hands(n)
  local places = async.semaphore(10)
  async.scope(function(s)
    for _ = 1, n do
      s:spawn(function() places:with(function() sleep(1) count() end) end)
    end
  end)
end

function load.very_many_tasks_select_on_one_channel(n)
  local one, never = async.channel(), async.channel()
  async.scope(function(s)
    for _ = 1, n do
      s:spawn(function()
        local index, value = async.select {never, one}
        assert(index == 2 and value)
        count()
      end)
    end
    sleep(1)
    for i = 1, n do one:send(i) end
  end)
end

function load.very_many_selects_time_out(n)
  local one, event = async.channel(), async.event()
  async.scope(function(s)
    for i = 1, n do
      s:spawn(function()
        local _, why = async.select {one, event, timeout = i % 7 + 1}
        assert(why == "timeout")
        count()
      end)
    end
  end)
end

function load.very_many_selects_are_cancelled(n)
  local one, event = async.channel(), async.event()
  async.scope(function(s)
    for _ = 1, n do
      s:spawn(function()
        local g <close> = async.defer(count)
        async.select {one, event, timeout = 100}
      end)
    end
    sleep(1)
    s:cancel()
  end)
end

function load.very_many_receivers_are_told_of_a_closed_channel(n)
  local channel = async.channel()
  for _ = 1, n do spawn(function() assert(channel:recv() == nil) count() end) end
  sleep(1)
  channel:close()
  sleep(1)
end

function load.very_many_values_go_through_a_channel(n)
  local channel = async.channel(100)
  spawn(function()
    for i = 1, n do channel:send(i) end
    channel:close()
  end)
  for _ in channel:iter() do count() end
  local unbounded = async.channel(math.huge)
  for i = 1, n do unbounded:send(i) end
  for i = 1, n do assert(unbounded:recv() == i) end
end

function load.very_many_tasks_wait_for_an_event(n)
  local event = async.event()
  for _ = 1, n do spawn(function() event:wait() count() end) end
  sleep(1)
  event:set()
  sleep(1)
end

function load.very_many_tasks_await_one(n)
  local one = spawn(function() sleep(2) return "x" end)
  for _ = 1, n do spawn(function() assert(one:await() == "x") count() end) end
  sleep(3)
end

-- -------------------------------------------------------------- combinators

local function jobs(n, fn)
  local list = {}
  for i = 1, n do list[i] = fn end
  return list
end

function load.all_takes_very_many(n)
  assert(async.all(jobs(n, function() sleep(1) count() return 1 end)).n == n)
end

function load.race_takes_very_many(n)
  local list = jobs(n - 1, sleeper)
  list[n] = function() sleep(1) count() return "won" end
  assert(async.race(list) == "won")
end

function load.any_takes_very_many_that_fail(n)
  local list = jobs(n, function() sleep(1) count() error("planned", 0) end)
  local ok, err = pcall(async.any, list)
  assert(not ok and err.n == n)
end

-- Each at a moment of its own.
local function fails_at(i)
  return function() sleep(i) count() error("planned", 0) end
end

function load.any_takes_very_many_that_fail_one_by_one(n)
  local list = {}
  for i = 1, n do list[i] = fails_at(i) end
  local ok, err = pcall(async.any, list)
  assert(not ok and err.n == n)
end

function load.any_takes_very_many_tasks_that_fail_one_by_one(n)
  local list = {}
  for i = 1, n do list[i] = spawn(fails_at(i)) end
  local ok, err = pcall(async.any, list)
  assert(not ok and err.n == n)
end

function load.all_takes_very_many_tasks(n)
  local list = {}
  for i = 1, n do list[i] = spawn(function() sleep(i) count() return i end) end
  assert(async.all(list)[n] == n)
end

function load.settle_takes_very_many(n)
  local list = {}
  for i = 1, n do list[i] = i % 2 == 0 and fails_at(i) or spawn(fails_at(i)) end
  local results = async.settle(list)
  assert(#results == n and results[n].error == "planned")
end

function load.as_completed_takes_very_many(n)
  local list = {}
  for i = 1, n do list[i] = i % 2 == 0 and fails_at(n - i) or spawn(fails_at(n - i)) end
  local last
  for i, ok, err in async.as_completed(list) do last = i assert(not ok and err == "planned") end
  assert(last == 1)
end

function load.as_completed_takes_very_many_that_have_ended(n)
  local list = {}
  for i = 1, n do list[i] = spawn(function() sleep(i * 7919 % n) count() return i end) end
  sleep(n)
  local seen = 0
  for i, ok, value in async.as_completed(list) do seen = seen + 1 assert(ok and value == i) end
  assert(seen == n)
end

function load.as_completed_is_left_with_very_many(n)
  local list = jobs(n, sleeper)
  list[n] = count
  for i in async.as_completed(list) do assert(i == n) break end
end

function load.very_many_loops_of_as_completed_are_left(n)
  for _ = 1, n do
    for _ in async.as_completed {count, function() sleep(9) end} do break end
  end
end

function load.map_keeps_going_through_a_long_list(n)
  local list = {}
  for i = 1, n do list[i] = i end
  local _, errors = async.map(list, function(i) fails_at(i % 7)() end,
    {limit = 100, keep_going = true})
  assert(errors[n] == "planned")
end

function load.map_keeps_going_without_a_limit(n)
  local list = {}
  for i = 1, n do list[i] = i end
  local results = async.map(list, function(i) sleep(i) count() return i end, {keep_going = true})
  assert(results[n] == n)
end

function load.a_semaphore_has_very_many_places(n)
  local places, guards = async.semaphore(n), {}
  for i = 1, n do guards[i] = places:acquire() end
  for i = 1, n, 2 do
    local _ <close> = guards[i]
    count()
  end
  for _ = 1, n // 2 do places:release() count() end
  assert(not pcall(places.release, places))
end

function load.very_many_places_are_released_by_others(n)
  local places = async.semaphore(n // 2)
  for _ = 1, n do
    places:acquire()
    spawn(function() sleep(1) places:release() count() end)
  end
end

function load.very_many_places_are_left_behind(n)
  local places = async.semaphore(n)
  for _ = 1, n do spawn(function() places:acquire() count() end) end
  sleep(1)
  local waits = {}
  for i = 1, n do waits[i] = spawn(function() places:with(function() end) end) end
  sleep(1)
  assert(#async.tree() > n)
  for i = 1, n do waits[i]:cancel() end
end

function load.very_many_tasks_end_that_somebody_has(n)
  local tasks = {}
  for i = 1, n do tasks[i] = spawn(function() count() return i end) end
  sleep(1)
  for i = 1, n do assert(tasks[i].name == "loads.lua:" .. debug.getinfo(1, "l").currentline - 2) end
end

function load.very_many_errors_come_together(n)
  local ok, err = pcall(async.scope, function(s)
    for _ = 1, n do s:spawn(function() sleep(1) count() error("planned", 0) end) end
  end)
  assert(not ok and err.n == n and #tostring(err) > 1000)
  ok, err = pcall(async.all, jobs(n, function() sleep(1) error("planned", 0) end))
  assert(not ok and err == "planned")
end

function load.very_many_values_are_tried(n)
  local channel = async.channel(math.huge)
  for i = 1, n do assert(channel:try_send(i)) end
  for i = 1, n do assert(channel:try_recv() == i) count() end
end

function load.a_tree_of_very_many_tasks_is_shown(n)
  local function node(count_of)
    if count_of > 1 then
      local half = count_of // 2
      spawn(node, half)
      if count_of - 1 - half > 0 then spawn(node, count_of - 1 - half) end
    end
    sleep(2)
    count()
  end
  spawn(node, n)
  sleep(1)
  assert(#async.tree() > 1000 and #async.tasks() == n + 1)
end

function load.very_many_children_fail_in_clean_up(n)
  local ok, err = pcall(async.scope, function(s)
    for _ = 1, n do
      s:spawn(function()
        local g <close> = async.defer(function() count() error("planned", 0) end)
        sleep(100)
      end)
    end
    sleep(1)
    error("first", 0)
  end)
  assert(not ok and err.n == n + 1 and err[1] == "first" and tostring(err):find " more")
end

function load.map_takes_a_long_list(n)
  local list = {}
  for i = 1, n do list[i] = i end
  local results = async.map(list, function(x) sleep(1) count() return x end, {limit = 100})
  assert(results[n] == n)
end

-- The host cancels them, which takes one task along that has not ended.
function load.very_many_are_in_a_deadlock(n)
  local locks = {}
  for i = 1, n do locks[i] = async.lock() end
  for i = 1, n do
    spawn(function()
      local g <close> = async.defer(count)
      local mine <close> = locks[i]:acquire()
      sleep(1)
      local other <close> = locks[i % n + 1]:acquire()
    end)
  end
end

return load
