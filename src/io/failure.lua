-- SPDX-License-Identifier: MIT
--
-- failure.lua -- commands that failed, and those that could not be started, in words.

local parts = process_parts()
local output, spelling = parts.use "output", parts.use "spelling"

local TAIL = 2000 -- bytes of stderr in a message

local failure = {}

local Failure = {__name = "process error"}

function Failure.__tostring(value) return value.message end

function failure.new(result)
  result.kind = "process"
  return setmetatable(result, Failure)
end

-- How the command's directory is told of.
local function in_directory(cwd) return cwd and format(" (in %s)", cwd) or "" end

failure.in_directory = in_directory

local function tail_of(text)
  if not text or text == "" then return "" end
  text = spelling.chomp(text)
  if #text > TAIL then text = "..." .. sub(text, -TAIL) end
  return "\n" .. text
end

local function not_stopped(result)
  return format("could not be stopped: process %d may not be signalled (%s)", result.pid,
    "Operation not permitted")
end

-- Of a command that nobody asks for any more.
function failure.left_behind(result)
  return format("command '%s' %s", result.command, not_stopped(result))
end

-- What an error of a task of ours says: where in the library it was raised is of no use.
local function said(err)
  return (gsub(tostring(err), "^%(tinyasync%):%d+: ", ""))
end

local function how_it_ended(child, result)
  if result.code then return not_stopped(result) end
  if child.too_long then return format("wrote more than %d bytes", child.too_long) end
  if child.timed_out then return format("timed out after %g s", child.plan.options.timeout) end
  for _, helper in ipairs(child.helpers) do
    if helper.failed then return "failed: " .. said(helper.error) end
  end
  for i, stage in ipairs(result.stages) do
    if not stage.ok then
      local which = #result.stages > 1 and format(" (stage %d of %d, '%s')", i, #result.stages,
        stage.command) or ""
      if stage.signal then return format("was ended by SIG%s%s", stage.signal, which) end
      if not stage.pid then return "was cancelled" .. which end
      if not stage.status then return "has ended, and nobody knows how" .. which end
      return format("failed with status %d%s", stage.status, which)
    end
  end
end

function failure.describe(child, result)
  local plan = child.plan
  local headline = format("'%s' %s%s", result.command, how_it_ended(child, result),
    in_directory(result.cwd))
  result.message = format("command %s%s", headline, plan.mask(tail_of(result.stderr)))
  local tail = result.stderr or plan.shown and parts.shown_tail(child.command) or ""
  output.know(result, headline, plan.label, plan.mask(sub(tail, -TAIL)))
  return failure.new(result)
end

function failure.path_from(cwd, path)
  return cwd and sub(path, 1, 1) ~= "/" and cwd .. "/" .. path or path
end

-- What is missing, of a command that could not start: message, code.
function failure.explain(stage, step, number, path)
  if type(number) == "string" then -- no gate lets it through
    return spelling.secrets_of(stage.options[1]) and "not allowed to run ***" or number, "EACCES"
  end
  local reason, code = parts.describe_error(number)
  if spelling.secrets_of(stage.options[1]) then path = "***" end
  local cwd = stage.directory
  if step == "directory" then
    return format("cannot run '%s': its directory %s: %s", stage.text, cwd, reason), code
  end
  if step == "command" and path then
    local interpreter = path ~= "***" and parts.interpreter(failure.path_from(cwd, path))
    if code == "ENOENT" and interpreter then
      return format("cannot run '%s': the interpreter of %s, %s: %s", stage.text, path, interpreter,
        reason), code
    end
    if code == "ENOEXEC" then
      return format("cannot run '%s': %s is no program, and has no #! line", stage.text, path), code
    end
  end
  if step == "search" then
    local word = stage.shown[1]
    local what = code == "ENOENT" and "no such command" or reason
    return format("cannot run '%s': %s: %s%s", stage.text, word, what, in_directory(cwd)), code
  end
  if step == "command" and code ~= "E2BIG" and code ~= "ENOMEM" then
    return format("cannot run '%s': %s: %s", stage.text, path, reason), code
  end
  return format("cannot run '%s': %s", stage.text, reason), code
end

return failure
