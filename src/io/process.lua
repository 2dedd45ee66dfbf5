-- SPDX-License-Identifier: MIT
--
-- process.lua -- async.process: what scripts call.

local parts = process_parts()
local raise = parts.raise
local output, plan, failure = parts.use "output", parts.use "plan", parts.use "failure"
local start, running, spelling = parts.use "start", parts.use "child", parts.use "spelling"
local place = parts.use "place"
local finish = running.finish

local process = {pipe = plan.pipe, quote = spelling.quote, sh = spelling.sh}

-- ----------------------------------------------------------- to the end, at once

local function raise_start(cmd, message, code)
  local refused = failure.new {message = message, code = code}
  local label = plan.options_of(cmd).label
  output.know(refused, message, label and output.harmless(tostring(label)))
  error(refused, 0)
end

-- The result and the child; or nil, message, code.
local function complete(name, cmd, out, err)
  parts.enter(name)
  local started, message, code = start(name, cmd, out, err)
  if not started then return nil, message, code end
  local child <close> = started
  return running.finish_in_time(child), child
end

function process.run(cmd)
  local result, child, code = complete("run", cmd, "inherit", "inherit")
  if not result then raise_start(cmd, child, code) end
  if not result.ok then error(failure.describe(child, result), 0) end
  return result
end

function process.read(cmd)
  local result, child, code = complete("read", cmd, "capture", "inherit")
  if not result then raise_start(cmd, child, code) end
  if not result.ok then error(failure.describe(child, result), 0) end
  return spelling.chomp(result.stdout)
end

function process.try(cmd)
  local result, message, code = complete("try", cmd, "capture", "capture")
  if result then return result end
  return nil, message, code
end

-- -------------------------------------------------------------- while it runs

-- A child as scripts have it, and what it stands for.
local Handle = {__name = "Child", __index = {}}
local children = setmetatable({}, {__mode = "k"})

local function child_of(handle, method)
  local child = children[handle]
  if not child then raise(format("child:%s: expected a child, got %s", method, type(handle))) end
  return child
end

function process.spawn(cmd)
  local child, message, code = start("spawn", cmd, "inherit", "inherit")
  if not child then return nil, message, code end
  running.limit_time(child)
  local handle = setmetatable({pid = child.pid, stdin = child.stdin, stdout = child.stdout,
    stderr = child.stderr}, Handle)
  children[handle] = child
  return handle
end

function Handle.__index:wait() return running.finish_showing(child_of(self, "wait")) end

function Handle.__index:stop(grace)
  local child = child_of(self, "stop")
  if grace ~= nil then plan.check_grace("stop", "the grace", grace) end
  parts.enter("stop")
  if not child.result then running.stop(child, grace) end
  return finish(child)
end

function Handle.__index:signal(name)
  local child = child_of(self, "signal")
  plan.check_signal("signal", "the signal", name)
  return parts.signal(child.command, parts.signal_number(name))
end

function Handle:__close() running.close(child_of(self, "close")) end

function Handle:__tostring()
  return format("process %d '%s'", self.pid or 0, child_of(self, "tostring").plan.text)
end

-- After the last line: whatever there was none for.
local function end_lines(child, stream, message, code)
  if code then
    running.close(child)
    local text = child.plan.text
    error(failure.new {message = format("command '%s': %s", text, message), code = code,
      command = text, pid = child.pid}, 0)
  end
  parts.unfollow(child.command, stream)
  local result = finish(child)
  if not result.ok then error(failure.describe(child, result), 0) end
end

function process.lines(cmd)
  local closes = parts.for_closes()
  local child, message, code = start("lines", cmd, "pipe", "inherit")
  if not child then raise_start(cmd, message, code) end
  running.limit_time(child)
  local stream = child.stdout
  local next_line = parts.line_reader(stream)
  local begun = false
  return function()
    begun = begun or running.see_begun(child)
    local line, why, what = next_line()
    if line then return line end
    return end_lines(child, stream, why, what)
  end, nil, nil, closes and child or nil
end

function process.which(name)
  if type(name) ~= "string" then
    raise(format("process.which: expected a command's name, got %s", type(name)))
  end
  local path, why = parts.find_program(name, parts.getenv "PATH", place.directory())
  if type(why) == "string" then return nil, why, "EACCES" end
  return path
end

return {process = process, secret = spelling.secret}
