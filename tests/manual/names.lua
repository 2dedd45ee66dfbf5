-- SPDX-License-Identifier: MIT
--
-- names.lua -- prints what the manual, or the annotations for editors, say that
-- the library has, for `make lint`:
--
--   lua5.4 tests/manual/names.lua manual man/tinyasync.7
--   lua5.4 tests/manual/names.lua types src/types/tinyasync.lua
--
-- A line is "function NAME", "waits NAME" or "value NAME", in the manual's
-- spelling: async.scope, task:await, task.id, #channel.

package.path = "tests/manual/?.lua;" .. package.path

local told = {}
local function tell(kind, name) told[#told + 1] = kind .. " " .. name end

local function tell_manual(path)
  local entries = require("page").read(path)
  for _, entry in ipairs(entries) do
    tell(entry.waits and "waits" or entry.kind, entry.name)
  end
end

-- TaskLocal is task_local in the manual.
local function word_of(class)
  return (class:gsub("%l%u", function(pair) return pair:sub(1, 1) .. "_" .. pair:sub(2) end):lower())
end

-- "Task:await" and "async.all" in the manual's spelling.
local function spelt(name)
  local class, method = name:match("^(%u%a*):([%w_]+)$")
  return class and word_of(class) .. ":" .. method or name
end

local function tell_types(path)
  local class, waits, described
  for line in io.lines(path) do
    local name = line:match("^function ([%w_.:]+)%(") or line:match("^(async%.[%l_]+) = ")
    if name then
      if not described then error(name .. " has no description", 0) end
      tell(line:find("^async") and "value" or waits and "waits" or "function", spelt(name))
    end
    class = line:match("^%-%-%-@class tinyasync%.(%a+)") or class
    local field = line:match("^%-%-%-@field ([%l_]+)")
    if field and not class:find("Options$") then tell("value", word_of(class) .. "." .. field) end
    if line:find("^%-%-%-@operator len") then tell("value", "#" .. word_of(class)) end
    if line:find("^%-%-%-") then
      waits = waits or line == "---@async"
      described = described or line:find("^%-%-%-[^@]") ~= nil
    else
      waits, described = false, false
    end
  end
end

local what, path = arg[1], arg[2]
if what == "manual" then
  tell_manual(path)
elseif what == "types" then
  tell_types(path)
else
  error("usage: lua5.4 tests/manual/names.lua manual|types FILE", 0)
end
print(table.concat(told, "\n"))
