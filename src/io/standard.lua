-- SPDX-License-Identifier: MIT
--
-- standard.lua -- the commands of io.popen and os.execute.
--
-- They are those of async.process; what is given back is what Lua gives.  Functions whose name
-- ends in `_here` are for where no task can wait.

local library = process_chunk()
local start, finish, parts = library.start, library.finish, library.parts
local fail = standard_failure

-- As C's system() has it.
local function shell(command, stdin)
  return {"sh", "-c", command, stdin = stdin}
end

-- How the first process ended, as Lua says it.
local function result_of(child)
  local _, _, status, signal = parts.stage(child.command, 1)
  if signal then return nil, "signal", parts.signal_number(signal) end
  return status == 0 or nil, "exit", status
end

-- --------------------------------------------------------------------- os.execute

local function execute(command)
  local child, _, code = start("execute", shell(command, "inherit"), "inherit", "inherit")
  if not child then return fail(code) end
  local closing <close> = child
  finish(child)
  return result_of(child)
end

local function execute_here(command)
  local child, _, code = start("execute", shell(command, "inherit"), "inherit", "inherit")
  if not child then return fail(code) end
  parts.wait_here(child.command)
  return result_of(child)
end

-- ----------------------------------------------------------------------- io.popen

-- The child, our end of its pipe, and its command.
local function popen(command, writes)
  local child, _, code = start("popen", shell(command, writes and "pipe" or true),
    writes and "inherit" or "pipe", "inherit")
  if not child then return fail(code, command) end
  return child, writes and child.stdin or child.stdout, child.command
end

-- `rest` is what was written and has not left yet.
local function close(child, stream, rest)
  local closing <close> = child
  local written, code = true, nil
  local _
  if rest then written, _, code = stream:write(rest) end
  stream:close()
  finish(child)
  local ok, how, status = result_of(child)
  if ok and not written then return fail(code) end
  return ok, how, status
end

local function close_here(child)
  parts.wait_here(child.command)
  return result_of(child)
end

return {execute = execute, execute_here = execute_here, popen = popen, close = close,
  close_here = close_here}
