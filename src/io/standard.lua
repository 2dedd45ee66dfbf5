-- SPDX-License-Identifier: MIT
--
-- standard.lua -- the commands of io.popen and os.execute.
--
-- They are those of async.process; what is given back is what Lua gives.  Where no task can
-- wait the C half waits.

local parts = process_parts()
local start, finish, end_of = parts.use "start", parts.use "child".finish, parts.end_of
local fail = standard_failure

-- As C's system() has it.
local function shell(command, stdin)
  return {"sh", "-c", command, stdin = stdin}
end

-- What no gate lets through is said by that.
local function refuse(message, code, what)
  local nothing, words, number = fail(code, what)
  if code == "EACCES" and find(message, "^not allowed to ") then words = message end
  return nothing, words, number
end

-- --------------------------------------------------------------------- os.execute

-- The child, and its command.
local function begin(command)
  local child, message, code = start("execute", shell(command, "inherit"), "inherit", "inherit")
  if not child then return refuse(message, code) end
  return child, child.command
end

local function execute(command)
  local child, message, number = begin(command)
  if not child then return nil, message, number end
  local closing <close> = child
  finish(child)
  return end_of(child.command)
end

-- ----------------------------------------------------------------------- io.popen

-- The child, our end of its pipe, and its command.
local function popen(command, writes)
  local child, message, code = start("popen", shell(command, writes and "pipe" or true),
    writes and "inherit" or "pipe", "inherit")
  if not child then return refuse(message, code, command) end
  return child, writes and child.stdin or child.stdout, child.command
end

-- `rest` is what was written and has not left yet.
local function close(child, stream, rest)
  local closing <close> = child
  local written, _, code = true, nil, nil
  if rest then written, _, code = stream:write(rest) end
  stream:close()
  finish(child)
  local ok, how, status = end_of(child.command)
  if ok and not written then return fail(code) end
  return ok, how, status
end

return {begin = begin, execute = execute, popen = popen, close = close}
