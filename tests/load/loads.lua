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
