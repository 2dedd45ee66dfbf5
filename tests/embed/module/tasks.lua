-- SPDX-License-Identifier: MIT
--
-- tasks.lua -- tasks, and an adapter's methods.

local suite = require "module.suite"
local async, loop = require "tinyasync", require "loop"
local test, log, check_same = suite.test, suite.log, suite.check_same
local check_log, check_raises, open = suite.check_log, suite.check_raises, suite.open
local pcall = suite.pcall -- Lua's own

test("spawn_sleep_and_await_are_the_globals", function()
  open()
  check_same(suite.last.spawn, spawn)
  check_same(suite.last.sleep, sleep)
  check_same(suite.last.await, await)
  check_same(async.spawn, spawn)
end)

test("tasks_sleep_by_the_programs_clock", function()
  open()
  local began = loop.now()
  for _, seconds in ipairs {3, 1, 2} do
    spawn(function() log(seconds, sleep(seconds) >= seconds) end)
  end
  loop.run()
  check_log("1 true; 2 true; 3 true")
  check_same(loop.now() - began < 3.1, true)
end)

test("spawn_works_inside_tasks_and_outside", function()
  open()
  spawn(function()
    spawn(function() spawn(log, "inner") log("middle") end)
    log("outer")
  end)
  coroutine.wrap(function() spawn(log, "from a coroutine") end)()
  loop.call_later(0, function() spawn(log, "from the loop") end)
  loop.run()
  check_log("outer; from a coroutine; middle; inner; from the loop")
end)

test("spawn_takes_options_and_gives_a_task", function()
  open()
  local task = spawn({name = "one", daemon = true}, function(...) return ... end, 1, 2)
  check_same(task.name, "one")
  loop.run()
  check_same(task:status(), "done")
end)

test("mistakes_in_spawn_name_the_callers_line", function()
  open()
  local line = debug.getinfo(1, "l").currentline
  check_raises("tasks%.lua:" .. line + 1 .. ": spawn: unknown option", function() spawn({colour = 1}, log) end)
  check_raises("bad argument #1 to 'spawn' %(function expected", function() spawn(5) end)
  check_raises("self: spawn%(work, ...%)", function() spawn(5) end)
  check_raises("self: add_task%(work, ...%)", function() runner.add_task(5) end)
  check_raises(": add_task: unknown option", function() runner:add_task({colour = 1}, log) end)
  check_same(suite.last:live(), 0)
  spawn(log, "on")
  loop.run()
  check_log("on")
end)

test("tasks_may_be_woken_from_outside", function()
  open()
  local channel, event = async.channel(1), async.event()
  async.actions.page = function(_, wake) loop.call_later(3, function() wake("page") end) end
  spawn(function() event:wait() log("event") end)
  spawn(function() log(await {action = "page"}) end)
  loop.call_later(1, function() event:set() end)
  loop.run()
  check_log("event; page")
  check_same(suite.last:live(), 0)
end)

test("live_counts_tasks_and_daemons", function()
  open()
  check_same(suite.last:live(), 0)
  spawn(sleep, 1)
  spawn({daemon = true}, sleep, 2)
  check_same(suite.last:live(), 2)
  loop.run(1.5)
  check_same(suite.last:live(), 1)
  loop.run()
  check_same(suite.last:live(), 0)
end)

test("a_daemon_goes_on_alone", function()
  open()
  spawn({daemon = true}, function() for i = 1, 3 do sleep(1) log(i) end end)
  loop.run()
  check_log("1; 2; 3")
end)

test("cancel_unwinds_in_the_passes_that_follow", function()
  open()
  spawn(function()
    local _ <close> = async.defer(function() async.shield(sleep, 1) log("cleaned up") end)
    _G.pcall(sleep, 9)
    log("never")
  end)
  loop.run(1)
  suite.last:cancel("enough")
  check_log("")
  check_same(suite.last:live(), 1)
  loop.run()
  check_log("cleaned up")
  check_same(suite.last:live(), 0)
end)

test("the_reason_of_cancel_is_in_the_error", function()
  open()
  local reason = ("enough"):rep(2)
  spawn(function()
    local ok <close> = async.defer(function(err) log(err) end)
    sleep(9)
  end)
  loop.run(1)
  suite.last:cancel(reason)
  reason = nil
  collectgarbage()
  loop.run()
  check_same(#suite.lines, 1)
  check_same(suite.lines[1]:match("enoughenough") or suite.lines[1], "enoughenough")
  check_raises("string expected, got table", suite.last.cancel, suite.last, {})
end)

test("the_first_reason_of_cancel_counts_and_lasts", function()
  open()
  local task = spawn(function() sleep(9) end)
  loop.run(1)
  suite.last:cancel("first" .. ("x"):rep(100))
  suite.last:cancel("second")
  collectgarbage() collectgarbage()
  local junk = {}
  for i = 1, 50 do junk[i] = ("y"):rep(100 + i % 3) .. i end
  loop.run()
  check_same(tostring(task.error), "cancelled: first" .. ("x"):rep(100))
end)

test("a_task_may_cancel_all", function()
  open()
  spawn(function() suite.last:cancel() sleep(1) log("never") end)
  spawn(function() sleep(9) log("never") end)
  loop.run()
  check_log("")
  check_same(suite.last:live(), 0)
end)

test("methods_want_the_adapter", function()
  open()
  for _, name in ipairs {"live", "cancel", "close"} do
    check_raises("adapter expected", suite.last[name])
    check_raises("adapter expected", suite.last[name], {})
    check_raises("adapter expected", suite.last[name], io.stdout)
  end
  check_same(getmetatable(suite.last), "adapter")
  check_same(tostring(suite.last):match("^adapter: ") and true, true)
end)

test("require_and_pcall_let_waits_pass", function()
  open()
  package.preload.slow = function() sleep(1) return {word = "slow"} end
  spawn(function()
    log(pcall(function() sleep(1) return require "slow".word end))
    log(coroutine.wrap(function() sleep(1) coroutine.yield("generated") end)())
  end)
  loop.run()
  package.loaded.slow, package.preload.slow = nil, nil
  check_log("true slow; generated")
end)

test("a_hundred_adapters_leave_nothing_behind", function()
  local function once()
    open()
    for _ = 1, 10 do spawn(function() pcall(sleep, 9) end) end
    loop.run(1)
    suite.last:close()
    loop.clear()
  end
  for _ = 1, 10 do once() end
  collectgarbage() collectgarbage()
  local before = collectgarbage("count")
  for _ = 1, 100 do once() end
  collectgarbage() collectgarbage()
  local grown = collectgarbage("count") - before
  if grown > 4 then error(grown .. " kB more") end
end)
