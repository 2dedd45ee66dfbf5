-- SPDX-License-Identifier: MIT
--
-- watching.lua -- for tests of async.fs.watch: a directory of their own, and what is told while
-- something is done in it.

local process = async.process
local watching = {}

-- A new directory, which goes with the value.
function watching.directory()
  local path = process.read{"mktemp", "-d"}
  local function remove() process.run{"rm", "-rf", path} end
  return path, setmetatable({}, {__close = function() async.shield(remove) end})
end

function watching.write(path, text, mode)
  local file = assert(io.open(path, mode or "w"))
  file:write(text)
  file:close()
end

function watching.sh(text, ...)
  return process.run{"sh", "-ec", text, "sh", ...}
end

-- So that what follows is another event.
function watching.settle() process.run{"sleep", "0.15"} end

local function shorten(path, directory)
  return (path:sub(1, #directory) == directory and path:sub(#directory + 2)) or path
end

-- What is told of `path` while `act` runs, as lines "created a", "renamed a -> b", without
-- `directory` before the names.
function watching.tell(path, options, directory, act)
  local lines = {}
  local watch <close> = assert(async.fs.watch(path, options))
  local reader = spawn(function()
    for event in watch do
      local from = event.from and shorten(event.from, directory) .. " -> " or ""
      lines[#lines + 1] = event.kind .. " " .. from .. shorten(event.path, directory)
    end
  end)
  act()
  watching.settle()
  watch:close()
  reader:await()
  return lines
end

-- The same as text; `sorted`: the order is of no account.
function watching.told(path, options, directory, act, sorted)
  local lines = watching.tell(path, options, directory, act)
  if sorted then table.sort(lines) end
  return table.concat(lines, ", ")
end

-- How many descriptors we have.
function watching.descriptors()
  return tonumber(process.read{"sh", "-c", "ls /proc/$PPID/fd | wc -l"})
end

return watching
