-- SPDX-License-Identifier: MIT
--
-- now.lua -- the program's clock.

local suite = require "module.suite"
local async, loop = require "tinyasync", require "loop"
local test, log, check_same = suite.test, suite.log, suite.check_same
local check_log, check_raises, open = suite.check_log, suite.check_raises, suite.open
local open_logged = suite.open_logged
local pcall = suite.pcall -- Lua's own

test("without_now_there_is_a_clock", function()
  suite.last = async.adapter(loop.call_later)
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
    check_same(#suite.lines, 1)
    check_same(suite.lines[1]:match("now must return a number") and true, true)
    suite.lines = {}
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
    if trouble == "close" then suite.last:close() end
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
  local text = table.concat(suite.lines, "; ")
  for _, what in ipairs {"wait", "spawn", "now", "close"} do
    check_same(text:match("after " .. what) or text, "after " .. what)
  end
  check_same(text:match("spawned") or text, "spawned")
end)

test("a_now_that_closes_the_adapter_outside_a_task_is_survived", function()
  local trouble
  open_logged(nil, function()
    if trouble then trouble = nil suite.last:close() end
    return loop.now()
  end)
  trouble = true
  pcall(async.now)
  trouble = true
  pcall(spawn or async.adapter, log)
end)
