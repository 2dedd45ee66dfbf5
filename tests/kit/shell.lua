-- SPDX-License-Identifier: MIT
--
-- shell.lua -- files, and commands of the shell.

local shell = {}

function shell.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

function shell.write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- As one word of a command.
function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- What a command prints on standard output, and whether it ended well.
function shell.output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  return text, pipe:close()
end

-- The first line of that.
function shell.line_of(command)
  return shell.output_of(command):match("[^\n]+")
end

-- A new folder's path, and a value that removes the folder when it is closed.
function shell.temporary_folder()
  local path = assert(shell.line_of("mktemp -d"))
  return path, setmetatable({}, {__close = function()
    os.execute("rm -rf " .. shell.quote(path))
  end})
end

-- Runs commands some at a time, each for so many seconds at most; the status of the N-th goes into
-- `folder`/N.  Their standard input is empty.
function shell.run_each(commands, folder, seconds)
  local command = "unset -v LUA_INIT LUA_INIT_5_4; exec bash tests/kit/each.sh %s %d"
  local each = assert(io.popen(command:format(shell.quote(folder), seconds), "w"))
  each:write(table.concat(commands, "\n"), "\n")
  assert(each:close(), "the commands were not run")
end

-- Was the program built with AddressSanitizer?  Then plain programs cannot load what
-- was built with it.
function shell.is_sanitized(program)
  return os.execute("grep -q -e __asan_init -e __tsan_init " .. shell.quote(program)) == true
end

return shell
