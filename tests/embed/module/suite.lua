-- SPDX-License-Identifier: MIT
--
-- suite.lua -- what the tests of the module are written with.

local loop = require "loop"
loop.virtual = true

local suite = {
  failed = false,
  last = nil,   -- the adapter of the test that runs
  lines = nil,  -- that it has logged
  broken = nil, -- fragile() is to fail
}

-- What Lua has before anything of ours is loaded.
function suite.look()
  local fields = {}
  for name, module in pairs(package.loaded) do
    fields["loaded " .. name] = module
    if type(module) == "table" and name ~= "tinyasync" and name ~= "module.suite" then
      for key, value in pairs(module) do fields[name .. "." .. tostring(key)] = value end
    end
  end
  return fields
end

function suite.differences(before, after)
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

suite.at_first = suite.look()
local async = require "tinyasync"
suite.after_require = suite.look()

-- Lua's own, which adapters replace.
suite.pcall, suite.xpcall = pcall, xpcall

function suite.log(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  suite.lines[#suite.lines + 1] = table.concat(words, " ")
end

function suite.check_same(got, expected)
  if got == expected then return end
  error(("expected %s, got %s"):format(tostring(expected), tostring(got)), 2)
end

-- The lines of log() so far, which it forgets.
function suite.check_log(expected)
  local got = table.concat(suite.lines, "; ")
  suite.lines = {}
  if got ~= expected then error(("expected '%s', got '%s'"):format(expected, got), 2) end
end

function suite.check_raises(pattern, fn, ...)
  local ok, message = suite.pcall(fn, ...)
  if ok then error("nothing was raised", 2) end
  if not tostring(message):find(pattern) then
    error(("expected an error with '%s', got '%s'"):format(pattern, tostring(message)), 2)
  end
end

function suite.open(options, call_later, now)
  suite.last = async.adapter(call_later or loop.call_later, now or loop.now, options)
  return suite.last
end

-- Its errors are logged.
function suite.open_logged(call_later, now)
  local function on_error(message) suite.log("[" .. message .. "]") end
  return suite.open({on_error = on_error}, call_later, now)
end

-- A call_later that can be told to fail.
function suite.fragile(seconds, fn)
  if suite.broken then error("broken", 0) end
  loop.call_later(seconds, fn)
end

function suite.test(name, fn)
  if not name:find(arg[1] or "", 1, true) then return end
  loop.clear()
  suite.last, suite.lines, suite.broken = nil, {}, false
  local ok, why = suite.xpcall(fn, debug.traceback)
  if suite.last then suite.last:close() end
  if ok and next(async, next(async)) then ok, why = false, "the module was not emptied" end
  if not ok then suite.failed = true end
  print(ok and "ok embed/module_" .. name
    or "not ok embed/module_" .. name .. ": " .. why:gsub("\n", "\n  "))
end

-- Runs code in a lua5.4 of its own, which finds what we find.  What it printed, on
-- both streams, and its status.
function suite.run_apart(code)
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
function suite.check_apart(pattern, code, expected_status)
  local output, status = suite.run_apart(code)
  if not output:find(pattern) or status ~= (expected_status or 0) then
    error(("expected '%s', got status %s and\n%s"):format(pattern, status, output), 2)
  end
end

return suite
