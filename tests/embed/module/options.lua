-- SPDX-License-Identifier: MIT
--
-- options.lua -- what an adapter is made with, and on_error.

local suite = require "module.suite"
local async, loop = require "tinyasync", require "loop"
local test, log, check_same = suite.test, suite.log, suite.check_same
local check_log, check_raises, open = suite.check_log, suite.check_raises, suite.open
local open_logged, check_apart = suite.open_logged, suite.check_apart
local pcall = suite.pcall -- Lua's own

test("unknown_options_raise_with_their_name", function()
  check_raises("unknown option 'colour'", async.adapter, loop.call_later, nil, {colour = 1})
  check_raises("unknown option '1'", async.adapter, loop.call_later, nil, {true})
  check_raises("unknown option 'true'", async.adapter, loop.call_later, nil, {[true] = 1})
end)

test("mistakes_in_options_name_the_callers_line", function()
  local line = debug.getinfo(1, "l").currentline
  check_raises("options%.lua:" .. line + 1 .. ": adapter: unk", function() async.adapter(print, nil, {5}) end)
  check_raises("options%.lua:" .. line + 2 .. ": adapter: opt", function() async.adapter(print, nil, {globals = 1}) end)
end)

test("what_the_program_replaces_is_no_affair_of_the_module", function()
  check_apart("^on\n$", [[
    local pairs, print, type = pairs, print, type
    for _, module in pairs {"_G", "table", "math", "string"} do
      for name, value in pairs(package.loaded[module]) do
        if type(value) == "function" then
          package.loaded[module][name] = function(...) print(name) return value(...) end
        end
      end
    end
    local adapter = async.adapter(function(seconds, fn) late = fn end)
    adapter.spawn(print, "on")
    late()]])
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
  check_same(got[1]:match("options%.lua:%d+: oh$") and true, true)
  check_same(got[2]:match("^stack traceback:\n.*options%.lua:%d+") and true, true)
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
  check_apart("^Error in task: oh\n.*\n"
    .. "Error in task: oh %(#2 second awaited #1 error, reported above%)\n$", [[
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
    log(pcall(suite.last.close, suite.last))
    log(pcall(sleep, 1))
    log(suite.lines[#suite.lines]:match("cannot wait") and "refused")
    table.remove(suite.lines, #suite.lines - 1)
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
  local lock = async.lock() -- kept: the collector may come at any time
  spawn(function()
    lock:acquire()
    error("oh", 0)
  end)
  loop.run()
  check_log("oh 1 ; held lock 0 ")
end)
