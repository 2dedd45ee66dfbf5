-- SPDX-License-Identifier: MIT
--
-- opening.lua -- opening and closing an adapter, and losing one.

local suite = require "module.suite"
local async, loop = require "tinyasync", require "loop"
local test, log, check_same = suite.test, suite.log, suite.check_same
local check_log, check_raises, open = suite.check_log, suite.check_raises, suite.open
local check_apart, look, differences = suite.check_apart, suite.look, suite.differences
local pcall = suite.pcall -- Lua's own

test("before_adapter_there_is_adapter_only", function()
  check_same(next(async), "adapter")
  check_same(next(async, "adapter"), nil)
  check_same(getmetatable(async), nil)
end)

test("before_adapter_the_state_is_untouched", function()
  check_same(differences(suite.at_first, suite.after_require), "loaded tinyasync")
end)

test("adapter_replaces_what_it_says_and_close_puts_it_back", function()
  local before = look()
  open():close()
  check_same(differences(before, look()), "")
  open()
  local changes = differences(before, look()):gsub(" coroutine%.%l+", "")
  check_same(changes,
    "_G.async _G.await _G.pcall _G.require _G.runner _G.sleep _G.spawn _G.xpcall")
end)

test("with_globals_false_the_modules_table_is_filled_only", function()
  local before = look()
  open {globals = false}
  check_same(differences(before, look()), "")
  async.spawn(function()
    async.sleep(1)
    log("slept", async.now())
    log(async.await(async.spawn(async.all, {function() return 5 end}))[1])
  end)
  loop.run()
  check_log("slept 1.0; 5")
end)

test("the_library_is_in_the_modules_table", function()
  open()
  check_same(_G.async, async)
  for _, name in ipairs {"all", "any", "race", "map", "scope", "channel", "now", "sleep", "spawn",
    "await", "runner", "select", "adapter"} do
    if not async[name] then error("there is no " .. name) end
  end
end)

test("globals_of_before_come_back_and_newer_ones_stay", function()
  sleep, spawn = "mine", nil
  open()
  rawset(_G, "spawn", "newer")
  check_same(type(sleep), "function")
  suite.last:close()
  check_same(sleep, "mine")
  check_same(spawn, "newer")
  sleep, spawn = nil, nil
end)

test("a_strict_global_table_is_no_hindrance", function()
  setmetatable(_G, {__index = error, __newindex = error})
  local ok, why = pcall(function() open():close() end)
  setmetatable(_G, nil)
  check_same(ok or why, true)
end)

test("a_second_adapter_raises_until_the_first_is_closed", function()
  local first = open()
  check_raises("there is one already", async.adapter, loop.call_later)
  first:close()
  local second = open()
  check_same(first == second, false)
  second.spawn(log, "on")
  loop.run()
  check_log("on")
  check_same(first:live(), 0)
  first:close()
  first:cancel()
  second.spawn(log, "still on")
  loop.run()
  check_log("still on")
end)

test("close_twice_does_nothing", function()
  open():close()
  suite.last:close()
end)

test("a_closed_adapter_answers_or_raises", function()
  local adapter = open()
  adapter.spawn(sleep, 9)
  adapter:close()
  check_same(adapter:live(), 0)
  check_same(adapter:cancel("x"), nil)
  check_raises("closed", adapter.spawn, log)
  check_raises("the Runner was closed", adapter.sleep, 1)
end)

test("every_call_after_close_says_that_the_runner_was_closed", function()
  open()
  local channel, event, lock, now = async.channel(1), async.event(), async.lock(), async.now
  suite.last:close()
  for _, name in ipairs {"send", "recv", "try_send", "try_recv", "iter", "close"} do
    check_raises("the Runner was closed", channel[name], channel, 1)
  end
  for _, name in ipairs {"set", "clear", "wait", "is_set"} do
    check_raises("the Runner was closed", event[name], event)
  end
  check_raises("the Runner was closed", lock.acquire, lock)
  check_raises("the Runner was closed", now)
end)

-- Garbage is collected at each request for memory, or as usual.
local function collect_always(yes)
  collectgarbage("incremental", yes and 0 or 200, yes and 1000 or 100, yes and 100 or 13)
end

-- Runs fn as a finalizer at the next request for memory.
local function at_next_request(fn)
  collect_always(true)
  collectgarbage() collectgarbage "stop"
  setmetatable({}, {__gc = function() if fn then fn() fn = nil end end})
  collectgarbage "restart"
end

test("a_finalizer_may_close_the_adapter_in_the_middle_of_cancel", function()
  local adapter = open()
  local cancel, close, reason = adapter.cancel, adapter.close, ("r"):rep(2000)
  at_next_request(function() close(adapter) log "closed" end)
  cancel(adapter)
  cancel(adapter, reason .. "x")
  collect_always(false)
  check_log("closed")
end)

-- Lets a finalizer act at one of the requests for memory that fn makes, at each in
-- turn.
local function at_each_request(act, fn)
  for nth = 1, 40 do
    local seen = 0
    collect_always(true)
    local function ring()
      setmetatable({}, {__gc = function()
        if not seen then return end
        seen = seen + 1
        ring()
        if seen == nth then act() end
      end})
    end
    ring()
    fn()
    seen = nil
    collect_always(false)
  end
end

test("an_adapter_that_a_finalizer_makes_while_another_closes_is_whole", function()
  local other
  at_each_request(function()
    local ok, adapter = pcall(async.adapter, loop.call_later, loop.now)
    other = ok and adapter
  end, function()
    other = nil
    local made, adapter = pcall(async.adapter, loop.call_later, loop.now)
    if made then adapter:close() end
    if not other then return check_same(sleep, nil) end
    other.spawn(log, "on")
    check_same(spawn, other.spawn)
    other:close()
    check_same(sleep, nil)
  end)
  loop.clear()
end)

test("an_adapter_that_a_finalizer_makes_while_another_opens_is_refused", function()
  at_each_request(function()
    pcall(async.adapter, loop.call_later, loop.now)
  end, function()
    local ok, adapter = pcall(async.adapter, loop.call_later, loop.now)
    if not ok then collectgarbage() adapter = async.adapter(loop.call_later, loop.now) end
    check_same(spawn, adapter.spawn)
    check_same(adapter:live(), 0)
    adapter:close()
    check_same(sleep, nil)
  end)
end)

test("the_adapter_closes_with_its_block", function()
  do
    local adapter <close> = open()
    adapter.spawn(function()
      local _ <close> = async.defer(function() log("cleaned up") end)
      sleep(9)
    end)
    loop.run(1)
  end
  check_log("cleaned up")
  check_same(sleep, nil)
end)

test("close_ends_all_tasks_at_once", function()
  open()
  for i = 1, 3 do
    spawn(function()
      local _ <close> = async.defer(function()
        log(i, select(2, pcall(sleep, 1)))
      end)
      sleep(9)
    end)
  end
  loop.run(1)
  suite.last:close()
  check_same(#suite.lines, 3)
  local first, third = suite.lines[1], suite.lines[3]
  check_same(first:match("^1 .*cannot wait") and third:match("^3 ") and true, true)
  check_same(suite.last:live(), 0)
end)

test("close_inside_a_task_raises", function()
  open()
  spawn(function() log(pcall(suite.last.close, suite.last)) end)
  spawn(coroutine.wrap(function() log(pcall(suite.last.close, suite.last)) end))
  loop.run()
  check_log("false the adapter cannot be closed inside a task; "
    .. "false the adapter cannot be closed inside a task")
end)

test("close_in_clean_up_by_close_raises", function()
  open()
  spawn(function()
    local _ <close> = async.defer(function() log(pcall(suite.last.close, suite.last)) end)
    sleep(9)
  end)
  loop.run(1)
  suite.last:close()
  check_log("false the adapter cannot be closed inside a task")
end)

test("a_request_of_a_closed_adapter_does_nothing", function()
  open()
  spawn(log, "never")
  suite.last:close()
  check_same(loop.waiting(), 1)
  open()
  spawn(sleep, 1)
  loop.run()
  check_log("")
end)

test("an_adapter_that_nobody_holds_goes_on", function()
  open()
  spawn(function() sleep(1) log("on") end)
  suite.last = nil
  for _ = 1, 3 do collectgarbage() end
  loop.run()
  check_log("on")
  check_same(#async.tasks(), 0)
  open()
end)

test("an_adapter_that_was_lost_makes_way_for_the_next", function()
  open()
  spawn(log, "done")
  loop.run()
  local lost = spawn
  suite.last = nil
  open()
  check_same(spawn == lost, false)
  check_raises("the Runner was closed", lost, log)
  spawn(log, "on")
  loop.run()
  check_log("done; on")
end)

test("an_adapter_that_has_tasks_was_not_lost", function()
  open()
  local event = async.event()
  spawn(function() event:wait() log "woken" end)
  loop.run()
  suite.last = nil
  check_raises("there is one already", async.adapter, loop.call_later)
  event:set()
  loop.run()
  open()
  check_log("woken")
end)

test("an_adapter_that_was_lost_works_until_the_next_is_made", function()
  open()
  suite.last = nil
  for _ = 1, 3 do collectgarbage() end
  spawn(log, "on")
  loop.run()
  check_log("on")
  open()
end)

test("at_the_end_of_the_program_tasks_clean_up", function()
  check_apart("^here\ncleaned up\n$", [[
    local adapter = async.adapter(loop.call_later, loop.now)
    spawn(function()
      local _ <close> = async.defer(function() print("cleaned up") end)
      sleep(9)
    end)
    loop.run(1)
    print("here")]])
end)

test("os_exit_in_a_task_may_meet_finalizers_that_use_tasks", function()
  check_apart("^false\tfalse\tfalse\n$", [[
    local task, channel
    old = setmetatable({}, {__gc = function()
      print((pcall(task.cancel, task)), (pcall(channel.send, channel, 1)), (pcall(spawn, print)))
    end})
    local adapter = async.adapter(loop.call_later, loop.now)
    channel = async.channel()
    task = spawn(sleep, 10)
    spawn(channel.recv, channel)
    spawn(async.scope, function(s) s:spawn(sleep, 9) end)
    spawn(function() os.exit(0, true) end)
    loop.run()]])
end)

test("the_coroutine_of_a_task_in_other_hands_is_survived", function()
  check_apart("somebody else.*survived\n$", [[
    local running, close = coroutine.running, coroutine.close
    local adapter = async.adapter(loop.call_later, loop.now)
    local co
    spawn(function() co = running() async.scope(function(s) s:spawn(sleep, 1) end) end)
    loop.run(0.5)
    close(co)
    co = nil
    collectgarbage() collectgarbage()
    async.tree()
    loop.run()
    print "survived"]])
end)

test("os_exit_in_a_task_ends_the_program", function()
  for _, arguments in ipairs {"7", "7, true"} do
    check_apart("^here\n", [[
      local adapter = async.adapter(loop.call_later, loop.now)
      spawn(function() sleep(1) print("never") end)
      spawn(function() print("here") os.exit(]] .. arguments .. [[) end)
      loop.run()]], 7)
  end
end)

test("an_adapter_made_in_a_coroutine_outlives_it", function()
  coroutine.wrap(function()
    open()
    spawn(function() sleep(1) log("on") end)
  end)()
  for _ = 1, 3 do collectgarbage() end
  loop.run()
  check_log("on")
  suite.last:close()
  check_raises("now must return",
    coroutine.wrap(function() async.adapter(print, function() end) end))
end)

test("a_loop_in_a_coroutine_is_a_loop", function()
  open()
  spawn(function()
    for i = 1, 2 do sleep(1) log("task", i) end
  end)
  local run = coroutine.wrap(function() coroutine.yield() loop.run() log("ran") end)
  run()
  run()
  check_log("task 1; task 2; ran")
end)
