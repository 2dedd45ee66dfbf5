-- SPDX-License-Identifier: MIT
--
-- ours.lua -- runs our side of table.lua, for run.lua:
--
--   tinyasync run tests/shell/ours.lua FOLDER [WORD]
--
-- Several at a time, as a shell cannot: each has a folder of its own.

package.path = "tests/?.lua;" .. package.path
local shell = require "kit.shell"
local folder, only = ...
local process = async.process
local numbers = {HUP = 1, INT = 2, KILL = 9, USR1 = 10, SEGV = 11, PIPE = 13, TERM = 15}

-- What the shell says of what it cannot start, or of a file that it cannot open.
local function status_of_refusal(message, code)
  if not message:find "^cannot run" then return 1 end
  return code == "ENOENT" and 127 or 126
end

local function status_of(stage)
  return stage.status or stage.signal and 128 + numbers[stage.signal] or 0
end

-- Stages as the shell has them; the pipeline's own judgement has to agree with theirs.
local function statuses_of(result)
  local list, failed = {}, false
  for i, stage in ipairs(result.stages) do
    list[i] = status_of(stage)
    local unread = stage.signal == "PIPE" and i < #result.stages
    failed = failed or list[i] ~= 0 and not unread
  end
  local text = table.concat(list, " ")
  if result.ok ~= failed then return text end
  return text .. " which is " .. (result.ok and "well" or "a failure")
end

-- Where a task's commands run, unless they say it; from there if that is no whole path.
local where = async.task_local()

local function put(cmd)
  if type(cmd) ~= "table" then return cmd end
  if type(cmd[1]) == "string" then
    local cwd = cmd.cwd or "."
    cmd.cwd = cwd:find "^/" and cwd or where:get() .. "/" .. cwd
  else
    for _, stage in ipairs(cmd) do put(stage) end
  end
  return cmd
end

-- As the table calls them.
local functions = setmetatable({}, {__index = process})
for _, name in ipairs {"try", "run", "read", "lines"} do
  functions[name] = function(cmd) return process[name](put(cmd)) end
end

local function outcome(ours)
  local result, message, code
  if type(ours) == "function" then
    result, message, code = ours()
  else
    result, message, code = functions.try(ours)
  end
  if not result then return "", message .. "\n", status_of_refusal(message, code) end
  if type(result) == "string" then return result, "", "0" end
  return result.stdout or "", result.stderr or "", statuses_of(result)
end

local function run(case)
  local here = folder .. "/" .. case.name
  where:set(here)
  local done, out, err, statuses = pcall(outcome, case.ours)
  if not done then out, err, statuses = "", tostring(out) .. "\n", "an error" end
  shell.write(here .. ".out", out)
  shell.write(here .. ".err", err)
  shell.write(here .. ".statuses", statuses .. "\n")
end

local cases = {}
require "shell.table"(function(name, _, ours)
  if type(ours) ~= "string" and name:find(only or "", 1, true) then
    cases[#cases + 1] = {name = name, ours = ours}
  end
end, functions)

async.map(cases, run, {limit = 4})
