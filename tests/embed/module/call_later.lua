-- SPDX-License-Identifier: MIT
--
-- call_later.lua -- what is asked of the program's call_later, and what it may do.

local suite = require "module.suite"
local async, loop = require "tinyasync", require "loop"
local test, log, check_same = suite.test, suite.log, suite.check_same
local check_log, check_raises, open = suite.check_log, suite.check_raises, suite.open
local open_logged, fragile = suite.open_logged, suite.fragile
local pcall = suite.pcall -- Lua's own

test("call_later_gets_seconds_and_a_function", function()
  local asked = {}
  open(nil, function(seconds, fn, ...)
    asked[#asked + 1] = seconds
    check_same(type(fn), "function")
    check_same(select("#", ...), 0)
    loop.call_later(seconds, fn)
    return "ignored", error
  end)
  spawn(sleep, 2.5)
  loop.run()
  check_same(table.concat(asked, " "), "0.0 2.5")
end)

test("a_callable_object_is_a_function", function()
  local function callable(fn)
    return setmetatable({}, {__call = function(_, ...) return fn(...) end})
  end
  suite.last = async.adapter(callable(loop.call_later), callable(loop.now),
    {on_error = callable(function(message) log(message) end)})
  spawn(error, "x", 0)
  loop.run()
  check_log("x")
end)

test("many_spawns_ask_once", function()
  open()
  for _ = 1, 1000 do spawn(sleep, 1) end
  check_same(loop.waiting(), 1)
  loop.run(0.5)
  check_same(loop.waiting(), 1)
end)

test("requests_do_not_pile_up", function()
  open()
  local event = async.event()
  local woken = 0
  spawn(sleep, 1000)
  spawn(function()
    while true do event:wait() event:clear() woken = woken + 1 end
  end)
  for _ = 1, 100 do
    loop.run(1)
    event:set()
    if loop.waiting() > 3 then error(loop.waiting() .. " requests") end
  end
  loop.run(0.5)
  check_same(woken, 100)
end)

test("an_earlier_sleeper_gets_its_own_request", function()
  open()
  for i = 5, 1, -1 do
    spawn(function() sleep(i) log(i) end)
    loop.run(0)
  end
  loop.run()
  check_log("1; 2; 3; 4; 5")
end)

test("nothing_is_asked_for_without_need", function()
  open()
  check_same(loop.waiting(), 0)
  spawn(log, "a")
  spawn(sleep, math.huge)
  spawn(async.event().wait, async.event())
  loop.run()
  check_log("a")
  check_same(loop.waiting(), 0)
end)

test("an_error_of_call_later_is_raised_at_the_spawn", function()
  open_logged(fragile)
  suite.broken = true
  check_raises("^broken$", spawn, log, "never")
  check_raises("^broken$", runner.add_task, log, "never")
  check_raises("^broken$", function() runner:add_task(log, "never") end)
  check_same(suite.last:live(), 0)
  suite.broken = false
  spawn(log, "on")
  loop.run()
  check_log("on")
end)

test("an_error_of_call_later_is_raised_at_a_scopes_spawn", function()
  open_logged(fragile)
  local scope
  spawn(function() async.scope(function(s) scope = s sleep(1) end) end)
  loop.run(0.5)
  loop.clear() -- the request for the sleeper has to be made again
  suite.broken = true
  check_raises("^broken$", scope.spawn, scope, log, "never")
  check_same(suite.last:live(), 1)
  suite.broken = false
  scope:spawn(log, "on")
  suite.last:cancel()
  loop.run()
end)

test("an_error_of_call_later_elsewhere_is_reported", function()
  open_logged(fragile)
  local event = async.event()
  spawn(function() event:wait() sleep(1) log("woken") end)
  loop.run()
  suite.broken = true
  event:set()
  check_log("[broken]")
  suite.broken = false
  spawn(log, "on")
  loop.run()
  check_log("on; woken")
end)

test("an_error_of_call_later_after_a_pass_is_reported", function()
  open_logged(fragile)
  spawn(function() suite.broken = true sleep(1) log("slept") end)
  loop.run()
  check_log("[broken]")
  suite.broken = false
  spawn(log, "on")
  loop.run()
  check_log("on; slept")
end)

test("an_error_object_of_call_later_is_told_as_well", function()
  local object = setmetatable({}, {__tostring = function() return "an object" end})
  open_logged(function(seconds, fn)
    if suite.broken then error(object) end
    loop.call_later(seconds, fn)
  end)
  spawn(function() suite.broken = true sleep(1) end)
  loop.run()
  check_log("[an object]")
end)

test("a_call_later_that_calls_at_once_is_told_so", function()
  open_logged(function(_, fn) fn() end)
  check_raises("must not call the function at once", spawn, log, "never")
  suite.last:close()
  open_logged(function(seconds, fn)
    if suite.broken then fn() else loop.call_later(seconds, fn) end
  end)
  spawn(function() suite.broken = true sleep(0) log("never") end)
  loop.run()
  check_same(#suite.lines, 1)
  check_same(suite.lines[1]:match("must not call the function at once") and true, true)
end)

test("a_call_later_that_calls_at_once_is_told_so_where_it_was_asked_for", function()
  open_logged(function(_, fn) fn() end)
  local line = debug.getinfo(1, "l").currentline
  check_raises("call_later%.lua:" .. line + 1 .. ": call_later must", function() spawn(log) end)
end)

-- A call_later and a now that run the loop when they are told to.
local pumps
local function pump()
  if not pumps then return end
  pumps = false
  loop.run(2)
end

local function pumping(seconds, fn)
  loop.call_later(seconds, fn)
  pump()
end

local function pumping_now()
  pump()
  return loop.now()
end

-- Tasks that sleep, and one that waits for the event that is returned.
local function open_pumping(call_later, now)
  pumps = false
  open_logged(call_later, now)
  local event = async.event()
  for i = 1, 3 do spawn(function() sleep(i) log("slept", i) end) end
  spawn(function() event:wait() log "woken" end)
  loop.run(0)
  return event
end

test("a_call_later_that_runs_the_loop_in_spawn_stops_no_request", function()
  open_pumping(pumping)
  pumps = true
  spawn(function() sleep(0.5) log "spawned" end)
  loop.run()
  check_log("slept 1; slept 2; spawned; slept 3")
  spawn(log, "later")
  loop.run()
  check_log("later")
end)

test("a_call_later_that_runs_the_loop_at_a_wake_stops_no_request", function()
  local event = open_pumping(pumping)
  pumps = true
  event:set()
  loop.run()
  check_same(table.concat(suite.lines, " "):find "woken" and #suite.lines, 4)
  check_same(suite.last:live(), 0)
end)

test("a_call_later_that_runs_the_loop_after_a_pass_stops_no_request", function()
  open_pumping(pumping)
  spawn(function() pumps = true sleep(0) log "turned" end)
  loop.run()
  check_log("slept 1; turned; slept 2; slept 3")
  check_same(suite.last:live(), 1) -- it waits for the event
end)

test("a_now_that_runs_the_loop_stops_no_request", function()
  local event = open_pumping(nil, pumping_now)
  for _ = 1, 5 do
    pumps = true
    async.now()
    loop.run(0.1)
  end
  loop.run() -- nothing has asked since but the requests that came meanwhile
  check_log("slept 1; slept 2; slept 3")
  pumps = true
  event:set()
  loop.run()
  check_log("woken")
  check_same(suite.last:live(), 0)
end)

test("after_an_error_of_call_later_the_next_wake_asks_again", function()
  open_logged(fragile)
  local first, second = async.event(), async.event()
  spawn(function() first:wait() log "first" end)
  spawn(function() second:wait() log "second" end)
  loop.run()
  suite.broken = true
  first:set()
  suite.broken = false
  second:set()
  loop.run()
  check_log("[broken]; first; second")
end)

test("after_an_error_at_the_end_of_a_pass_with_tasks_due_the_next_wake_asks_again", function()
  open_logged(fragile)
  local event = async.event()
  spawn(function() event:wait() log "woken" end)
  loop.run()
  spawn(function() suite.broken = true sleep(0) log "turned" end)
  loop.run()
  check_log("[broken]")
  suite.broken = false
  event:set()
  loop.run()
  check_log("woken; turned")
end)

test("a_request_that_is_called_twice_does_no_harm", function()
  open(nil, function(seconds, fn)
    loop.call_later(seconds, function() fn() fn("x", nil) end)
  end)
  spawn(function()
    for i = 1, 3 do sleep(1) log(i) end
  end)
  loop.run()
  check_log("1; 2; 3")
end)

test("a_request_that_comes_too_early_does_no_harm", function()
  open(nil, function(seconds, fn) loop.call_later(seconds / 2, fn) end)
  spawn(function() local began = loop.now() sleep(1) log(loop.now() - began >= 1) end)
  loop.run()
  check_log("true")
end)

test("a_spawn_in_call_later_is_a_spawn", function()
  local once
  open(nil, function(seconds, fn)
    loop.call_later(seconds, fn)
    if not once then once = true spawn(log, "extra") end
  end)
  spawn(log, "first")
  loop.run()
  check_log("extra; first")
end)

test("a_call_later_that_waits_is_refused", function()
  open_logged(function(seconds, fn)
    if suite.broken then sleep(1) end
    loop.call_later(seconds, fn)
  end)
  spawn(function() suite.broken = true sleep(1) end)
  loop.run()
  check_same(#suite.lines, 1)
  check_same(suite.lines[1]:match("only a task can wait") and true, true)
end)

test("a_call_later_that_closes_the_adapter_is_survived", function()
  open_logged(function(seconds, fn)
    if suite.broken then suite.last:close() end
    loop.call_later(seconds, fn)
  end)
  spawn(function() suite.broken = true sleep(1) end)
  loop.run()
  check_same(suite.last:live(), 0)
  open_logged(function() suite.last:close() end)
  check_raises("closed", spawn, log)
end)

test("the_adapter_cannot_be_closed_in_the_middle_of_its_work", function()
  local trouble
  open_logged(function(seconds, fn)
    if trouble then log(pcall(suite.last.close, suite.last)) end
    loop.call_later(seconds, fn)
  end)
  local events = {}
  for i = 1, 3 do
    events[i] = async.event()
    spawn(function() events[i]:wait() log("woken", i) end)
    spawn(function() events[i]:wait() log("woken", i) end)
  end
  loop.run()
  trouble = true
  events[1]:set()
  trouble = false
  loop.run()
  check_log("false the adapter cannot be closed inside a task; woken 1; woken 1")
end)

test("whatever_call_later_does_is_survived", function()
  local trouble
  open_logged(function(seconds, fn)
    local todo = trouble
    trouble = nil
    if todo then todo() end
    loop.call_later(seconds, fn)
  end)
  local event, channel, tasks = async.event(), async.channel(1), {}
  for i = 1, 20 do
    tasks[i] = spawn(function() event:wait() channel:send(i) event:clear() event:wait() end)
  end
  loop.run()
  local todos = {
    function() event:set() event:clear() end,
    function() for _, task in ipairs(tasks) do task:cancel() end end,
    function() for _ = 1, 100 do spawn(sleep, 1) end end,
    function() channel:close() end,
    function() collectgarbage() end,
    function() suite.last:cancel("over") end,
  }
  for _, todo in ipairs(todos) do
    trouble = todo
    event:set()
    loop.run()
    event:clear()
  end
  loop.run()
  check_same(suite.last:live(), 0)
end)

test("a_task_that_runs_the_loop_holds_nobody_up", function()
  open()
  spawn(function()
    loop.call_later(0, function() log("nested") end)
    loop.run(0.5)
    log("back")
    sleep(1)
    log("slept")
  end)
  spawn(function() sleep(0.1) log("other") end)
  loop.run()
  check_log("nested; back; other; slept")
end)
