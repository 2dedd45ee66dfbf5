-- SPDX-License-Identifier: MIT
--
-- module.lua -- what require "tinyasync" promises under plain lua5.4.
--
--   lua5.4 module.lua [WORD]
--
-- tinyasync and the loop of loop.lua have to be on Lua's paths.  Time is virtual.
-- With WORD only tests whose name contains it.

local only = arg[1] or ""
local loop = require "loop"
loop.virtual = true

-- What Lua has before anything of ours is loaded.
local function look()
  local fields = {}
  for name, module in pairs(package.loaded) do
    fields["loaded " .. name] = module
    if type(module) == "table" and name ~= "tinyasync" then
      for key, value in pairs(module) do fields[name .. "." .. tostring(key)] = value end
    end
  end
  return fields
end

local function differences(before, after)
  local list = {}
  for key, value in pairs(before) do
    if after[key] ~= value then list[#list + 1] = key end
  end
  for key in pairs(after) do
    if before[key] == nil then list[#list + 1] = key end
  end
  table.sort(list)
  return table.concat(list, " ")
end

local at_first = look()
local async = require "tinyasync"
local after_require = look()

-- Lua's own, which adapters replace.
local pcall, xpcall = pcall, xpcall

------------------------------------------------------------------ the tests

local failed = false
local last -- the adapter of the test that runs
local lines

local function log(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  lines[#lines + 1] = table.concat(words, " ")
end

local function check_same(got, expected)
  if got == expected then return end
  error(("expected %s, got %s"):format(tostring(expected), tostring(got)), 2)
end

-- The lines of log() so far, which it forgets.
local function check_log(expected)
  local got = table.concat(lines, "; ")
  lines = {}
  if got ~= expected then error(("expected '%s', got '%s'"):format(expected, got), 2) end
end

local function check_raises(pattern, fn, ...)
  local ok, message = pcall(fn, ...)
  if ok then error("nothing was raised", 2) end
  if not tostring(message):find(pattern) then
    error(("expected an error with '%s', got '%s'"):format(pattern, tostring(message)), 2)
  end
end

local function open(options, call_later, now)
  last = async.adapter(call_later or loop.call_later, now or loop.now, options)
  return last
end

-- Its errors are logged.
local function open_logged(call_later, now)
  return open({on_error = function(message) log("[" .. message .. "]") end}, call_later, now)
end

-- A call_later that can be told to fail.
local broken
local function fragile(seconds, fn)
  if broken then error("broken", 0) end
  loop.call_later(seconds, fn)
end

local function test(name, fn)
  if not name:find(only, 1, true) then return end
  loop.clear()
  last, lines, broken = nil, {}, false
  local ok, why = xpcall(fn, debug.traceback)
  if last then last:close() end
  if ok and next(async, next(async)) then ok, why = false, "the module was not emptied" end
  if not ok then failed = true end
  print(ok and "ok embed/module_" .. name
    or "not ok embed/module_" .. name .. ": " .. why:gsub("\n", "\n  "))
end

-- Runs code in a lua5.4 of its own, which finds what we find.  What it printed, on
-- both streams, and its status.
local function run_apart(code)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write('local async, loop = require "tinyasync", require "loop" loop.virtual = true ', code)
  file:close()
  local pipe = assert(io.popen((os.getenv "EMBED_LUA" or "lua5.4") .. " " .. path .. " 2>&1"))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  os.remove(path)
  return output, status
end

-- The pattern lies in the output; or the whole of it is shown.
local function check_apart(pattern, code, expected_status)
  local output, status = run_apart(code)
  if not output:find(pattern) or status ~= (expected_status or 0) then
    error(("expected '%s', got status %s and\n%s"):format(pattern, status, output), 2)
  end
end

---------------------------------------------------------- opening and closing

test("before_adapter_there_is_adapter_only", function()
  check_same(next(async), "adapter")
  check_same(next(async, "adapter"), nil)
  check_same(getmetatable(async), nil)
end)

test("before_adapter_the_state_is_untouched", function()
  check_same(differences(at_first, after_require), "loaded tinyasync")
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
  last:close()
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
  last:close()
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
  last:close()
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
  last:close()
  check_same(#lines, 3)
  check_same(lines[1]:match("^1 .*cannot wait") and lines[3]:match("^3 ") and true, true)
  check_same(last:live(), 0)
end)

test("close_inside_a_task_raises", function()
  open()
  spawn(function() log(pcall(last.close, last)) end)
  spawn(coroutine.wrap(function() log(pcall(last.close, last)) end))
  loop.run()
  check_log("false the adapter cannot be closed inside a task; "
    .. "false the adapter cannot be closed inside a task")
end)

test("close_in_clean_up_by_close_raises", function()
  open()
  spawn(function()
    local _ <close> = async.defer(function() log(pcall(last.close, last)) end)
    sleep(9)
  end)
  loop.run(1)
  last:close()
  check_log("false the adapter cannot be closed inside a task")
end)

test("a_request_of_a_closed_adapter_does_nothing", function()
  open()
  spawn(log, "never")
  last:close()
  check_same(loop.waiting(), 1)
  open()
  spawn(sleep, 1)
  loop.run()
  check_log("")
end)

test("an_adapter_that_nobody_holds_goes_on", function()
  open()
  spawn(function() sleep(1) log("on") end)
  last = nil
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
  last = nil
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
  last = nil
  check_raises("there is one already", async.adapter, loop.call_later)
  event:set()
  loop.run()
  open()
  check_log("woken")
end)

test("an_adapter_that_was_lost_works_until_the_next_is_made", function()
  open()
  last = nil
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
  last:close()
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

--------------------------------------------------------------- call_later

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
  last = async.adapter(callable(loop.call_later), callable(loop.now),
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
  broken = true
  check_raises("^broken$", spawn, log, "never")
  check_raises("^broken$", runner.add_task, log, "never")
  check_raises("^broken$", function() runner:add_task(log, "never") end)
  check_same(last:live(), 0)
  broken = false
  spawn(log, "on")
  loop.run()
  check_log("on")
end)

test("an_error_of_call_later_elsewhere_is_reported", function()
  open_logged(fragile)
  local event = async.event()
  spawn(function() event:wait() sleep(1) log("woken") end)
  loop.run()
  broken = true
  event:set()
  check_log("[broken]")
  broken = false
  spawn(log, "on")
  loop.run()
  check_log("on; woken")
end)

test("an_error_of_call_later_after_a_pass_is_reported", function()
  open_logged(fragile)
  spawn(function() broken = true sleep(1) log("slept") end)
  loop.run()
  check_log("[broken]")
  broken = false
  spawn(log, "on")
  loop.run()
  check_log("on; slept")
end)

test("an_error_object_of_call_later_is_told_as_well", function()
  open_logged(function(seconds, fn)
    if broken then error(setmetatable({}, {__tostring = function() return "an object" end})) end
    loop.call_later(seconds, fn)
  end)
  spawn(function() broken = true sleep(1) end)
  loop.run()
  check_log("[an object]")
end)

test("a_call_later_that_calls_at_once_is_told_so", function()
  open_logged(function(_, fn) fn() end)
  check_raises("must not call the function at once", spawn, log, "never")
  last:close()
  open_logged(function(seconds, fn)
    if broken then fn() else loop.call_later(seconds, fn) end
  end)
  spawn(function() broken = true sleep(0) log("never") end)
  loop.run()
  check_same(#lines, 1)
  check_same(lines[1]:match("must not call the function at once") and true, true)
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
  check_same(table.concat(lines, " "):find "woken" and #lines, 4)
  check_same(last:live(), 0)
end)

test("a_call_later_that_runs_the_loop_after_a_pass_stops_no_request", function()
  open_pumping(pumping)
  spawn(function() pumps = true sleep(0) log "turned" end)
  loop.run()
  check_log("slept 1; turned; slept 2; slept 3")
  check_same(last:live(), 1) -- it waits for the event
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
  check_same(last:live(), 0)
end)

test("after_an_error_of_call_later_the_next_wake_asks_again", function()
  open_logged(fragile)
  local first, second = async.event(), async.event()
  spawn(function() first:wait() log "first" end)
  spawn(function() second:wait() log "second" end)
  loop.run()
  broken = true
  first:set()
  broken = false
  second:set()
  loop.run()
  check_log("[broken]; first; second")
end)

test("after_an_error_at_the_end_of_a_pass_with_tasks_due_the_next_wake_asks_again", function()
  open_logged(fragile)
  local event = async.event()
  spawn(function() event:wait() log "woken" end)
  loop.run()
  spawn(function() broken = true sleep(0) log "turned" end)
  loop.run()
  check_log("[broken]")
  broken = false
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
    if broken then sleep(1) end
    loop.call_later(seconds, fn)
  end)
  spawn(function() broken = true sleep(1) end)
  loop.run()
  check_same(#lines, 1)
  check_same(lines[1]:match("only a task can wait") and true, true)
end)

test("a_call_later_that_closes_the_adapter_is_survived", function()
  open_logged(function(seconds, fn)
    if broken then last:close() end
    loop.call_later(seconds, fn)
  end)
  spawn(function() broken = true sleep(1) end)
  loop.run()
  check_same(last:live(), 0)
  open_logged(function() last:close() end)
  check_raises("closed", spawn, log)
end)

test("the_adapter_cannot_be_closed_in_the_middle_of_its_work", function()
  local trouble
  open_logged(function(seconds, fn)
    if trouble then log(pcall(last.close, last)) end
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
    function() last:cancel("over") end,
  }
  for _, todo in ipairs(todos) do
    trouble = todo
    event:set()
    loop.run()
    event:clear()
  end
  loop.run()
  check_same(last:live(), 0)
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

----------------------------------------------------------------------- now

test("without_now_there_is_a_clock", function()
  last = async.adapter(loop.call_later)
  local first = async.now()
  for _ = 1, 1000 do
    local now = async.now()
    check_same(math.type(now) == "float" and now >= first and now < first + 60, true)
    first = now
  end
end)

test("a_now_that_is_no_clock_raises_in_adapter", function()
  for _, bad in ipairs {{n = 0}, {"12"}, {0 / 0}, {math.huge}, {-math.huge}, {{}}} do
    check_raises("now must return a number of seconds, not", async.adapter, loop.call_later,
      function() return bad[1] end)
  end
  check_raises("^no clock$", async.adapter, loop.call_later, function() error("no clock", 0) end)
  check_same(next(async, next(async)), nil)
end)

test("a_now_that_makes_an_adapter_while_one_is_made_is_refused", function()
  local inner
  check_raises("there is one already", async.adapter, loop.call_later, function()
    inner = async.adapter(loop.call_later)
    return 0
  end)
  check_same(inner, nil)
  open():close()
end)

test("a_now_that_fails_later_is_told_once_and_time_stands_still", function()
  local now = loop.now
  open_logged(nil, function() return now() end)
  local before = async.now()
  for _, bad in ipairs {"x", 0 / 0, math.huge} do
    now = function() return bad end
    for _ = 1, 3 do check_same(async.now(), before) end
    check_same(#lines, 1)
    check_same(lines[1]:match("now must return a number") and true, true)
    lines = {}
    now = loop.now
    check_same(async.now(), before)
  end
  now = function() error("no clock", 0) end
  check_same(async.now(), before)
  check_log("[no clock]")
  now = loop.now
  spawn(function() sleep(1) log("slept") end)
  loop.run()
  check_log("slept")
end)

test("a_now_that_goes_back_is_held", function()
  local time = 100
  open(nil, nil, function() return time end)
  time = 50
  check_same(async.now(), 0.0)
  time = 101
  check_same(async.now(), 1.0)
end)

test("an_integer_is_a_time", function()
  local time = 7
  open(nil, nil, function() return time end)
  time = 9
  check_same(async.now(), 2.0)
end)

test("a_now_that_waits_or_spawns_is_survived", function()
  local trouble
  open_logged(nil, function()
    if trouble == "wait" then sleep(1) end
    if trouble == "spawn" then trouble = nil spawn(log, "spawned") end
    if trouble == "now" then async.now() end
    if trouble == "close" then last:close() end
    return loop.now()
  end)
  for _, what in ipairs {"wait", "spawn", "now", "close"} do
    spawn(function()
      trouble = what
      async.now()
      trouble = nil
      sleep(1)
      log("after " .. what)
    end)
    loop.run()
  end
  local text = table.concat(lines, "; ")
  for _, what in ipairs {"wait", "spawn", "now", "close"} do
    check_same(text:match("after " .. what) or text, "after " .. what)
  end
  check_same(text:match("spawned") or text, "spawned")
end)

test("a_now_that_closes_the_adapter_outside_a_task_is_survived", function()
  local trouble
  open_logged(nil, function()
    if trouble then trouble = nil last:close() end
    return loop.now()
  end)
  trouble = true
  pcall(async.now)
  trouble = true
  pcall(spawn or async.adapter, log)
end)

------------------------------------------------------------------- options

test("unknown_options_raise_with_their_name", function()
  check_raises("unknown option 'colour'", async.adapter, loop.call_later, nil, {colour = 1})
  check_raises("unknown option '1'", async.adapter, loop.call_later, nil, {true})
  check_raises("unknown option 'true'", async.adapter, loop.call_later, nil, {[true] = 1})
end)

test("wrong_arguments_raise", function()
  check_raises("#1.*function expected, got nil", async.adapter)
  check_raises("#1.*function expected, got table", async.adapter, {})
  check_raises("#2.*function expected, got number", async.adapter, print, 1)
  check_raises("#3.*table expected, got boolean", async.adapter, print, nil, true)
  check_raises("'globals' must be a boolean, got string", async.adapter, print, nil,
    {globals = "no"})
  check_raises("'on_error' must be a function, got number", async.adapter, print, nil,
    {on_error = 1})
  check_same(next(async, next(async)), nil)
end)

test("on_error_gets_message_traceback_and_name", function()
  local got
  open {on_error = function(...) got = table.pack(...) end}
  spawn({name = "faulty"}, function() error("oh") end)
  loop.run()
  check_same(got.n, 3)
  check_same(got[1]:match("module%.lua:%d+: oh$") and true, true)
  check_same(got[2]:match("^stack traceback:\n.*module%.lua:%d+") and true, true)
  check_same(got[3], "faulty")
end)

test("an_error_that_is_awaited_is_not_reported", function()
  open_logged()
  spawn(function() log(pcall(function() spawn(error, "x", 0):await() end)) end)
  loop.run()
  check_log("false x")
end)

test("without_on_error_errors_are_on_stderr", function()
  check_apart("^Error in task: [^\n]*: oh\ntask #1 faulty\nstack traceback:\n.*\nleft\n$", [[
    local adapter = async.adapter(loop.call_later, loop.now)
    spawn({name = "faulty"}, function() error("oh") end)
    loop.run()
    io.stderr:write("left\n")]])
end)

test("an_error_that_was_reported_is_named_only", function()
  check_apart("^Error in task: oh\n.*\nError in task: oh %(reported above; 'second' awaited it%)\n$",
    [[
    local adapter = async.adapter(loop.call_later, loop.now)
    local first = spawn(error, "oh", 0)
    spawn({name = "second"}, function() sleep(1) first:await() end)
    loop.run()]])
end)

test("an_error_in_on_error_is_on_stderr_with_the_first_one", function()
  check_apart("on_error: worse\n.*Error in task: oh\n.*on\n$", [[
    local adapter = async.adapter(loop.call_later, loop.now,
      {on_error = function() error("worse", 0) end})
    spawn(error, "oh", 0)
    spawn(function() sleep(1) io.stderr:write("on\n") end)
    loop.run()]])
end)

test("on_error_may_spawn_and_may_not_close_or_wait", function()
  open {on_error = function(message)
    log("[" .. message .. "]")
    spawn(log, "spawned")
    log(pcall(last.close, last))
    log(pcall(sleep, 1))
    log(lines[#lines]:match("cannot wait") and "refused")
    table.remove(lines, #lines - 1)
  end}
  spawn(error, "oh", 0)
  loop.run()
  check_log("[oh]; false the adapter cannot be closed inside a task; "
    .. "refused; spawned")
end)

test("on_error_may_look_at_the_tasks_when_the_lock_of_one_that_failed_is_released", function()
  open {on_error = function(message)
    log(message:match "held lock" or message, #async.tasks(), async.tree():match "spawned" or "")
  end}
  spawn(function()
    async.lock():acquire()
    error("oh", 0)
  end)
  loop.run()
  check_log("oh 1 ; held lock 0 ")
end)

------------------------------------------------------------- tasks, methods

test("spawn_sleep_and_await_are_the_globals", function()
  open()
  check_same(last.spawn, spawn)
  check_same(last.sleep, sleep)
  check_same(last.await, await)
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
  check_raises("module%.lua:" .. line + 1 .. ": spawn: unknown option", function() spawn({colour = 1}, log) end)
  check_raises("bad argument #1 to 'spawn' %(function expected", function() spawn(5) end)
  check_raises("self: spawn%(work, ...%)", function() spawn(5) end)
  check_raises("self: add_task%(work, ...%)", function() runner.add_task(5) end)
  check_raises(": add_task: unknown option", function() runner:add_task({colour = 1}, log) end)
  check_same(last:live(), 0)
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
  check_same(last:live(), 0)
end)

test("live_counts_tasks_and_daemons", function()
  open()
  check_same(last:live(), 0)
  spawn(sleep, 1)
  spawn({daemon = true}, sleep, 2)
  check_same(last:live(), 2)
  loop.run(1.5)
  check_same(last:live(), 1)
  loop.run()
  check_same(last:live(), 0)
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
  last:cancel("enough")
  check_log("")
  check_same(last:live(), 1)
  loop.run()
  check_log("cleaned up")
  check_same(last:live(), 0)
end)

test("the_reason_of_cancel_is_in_the_error", function()
  open()
  local reason = ("enough"):rep(2)
  spawn(function()
    local ok <close> = async.defer(function(err) log(err) end)
    sleep(9)
  end)
  loop.run(1)
  last:cancel(reason)
  reason = nil
  collectgarbage()
  loop.run()
  check_same(#lines, 1)
  check_same(lines[1]:match("enoughenough") or lines[1], "enoughenough")
  check_raises("string expected, got table", last.cancel, last, {})
end)

test("the_first_reason_of_cancel_counts_and_lasts", function()
  open()
  local task = spawn(function() sleep(9) end)
  loop.run(1)
  last:cancel("first" .. ("x"):rep(100))
  last:cancel("second")
  collectgarbage() collectgarbage()
  local junk = {}
  for i = 1, 50 do junk[i] = ("y"):rep(100 + i % 3) .. i end
  loop.run()
  check_same(tostring(task.error), "cancelled: first" .. ("x"):rep(100))
end)

test("a_task_may_cancel_all", function()
  open()
  spawn(function() last:cancel() sleep(1) log("never") end)
  spawn(function() sleep(9) log("never") end)
  loop.run()
  check_log("")
  check_same(last:live(), 0)
end)

test("methods_want_the_adapter", function()
  open()
  for _, name in ipairs {"live", "cancel", "close"} do
    check_raises("adapter expected", last[name])
    check_raises("adapter expected", last[name], {})
    check_raises("adapter expected", last[name], io.stdout)
  end
  check_same(getmetatable(last), "adapter")
  check_same(tostring(last):match("^adapter: ") and true, true)
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
    last:close()
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

os.exit(not failed, true)
