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

local current -- of tell()

-- Until what was done has been told, so that what follows is another event.
function watching.settle()
  if current then
    async.move_on_after(10, function()
      while #current.lines == current.seen do
        current.news:clear()
        current.news:wait()
      end
    end)
  end
  process.run{"sleep", "0.05"}
  if current then current.seen = #current.lines end
end

local function shorten(path, directory)
  return (path:sub(1, #directory) == directory and path:sub(#directory + 2)) or path
end

local function note(event, directory)
  local from = event.from and shorten(event.from, directory) .. " -> " or ""
  current.lines[#current.lines + 1] = event.kind .. " " .. from .. shorten(event.path, directory)
  current.news:set()
end

-- In a directory the last thing that happens is known: it makes a file there.
local function wait_for_end(path, reader)
  if not process.try{"test", "-d", path}.ok then return watching.settle() end
  watching.write(path .. "/the-end", "")
  async.move_on_after(20, reader.await, reader)
  os.remove(path .. "/the-end")
end

-- What is told of `path` while `act` runs, as lines "created a", "renamed a -> b", without
-- `directory` before the names.
function watching.tell(path, options, directory, act)
  options = options or {}
  if options.debounce == nil then options.debounce = 0.2 end
  current = {lines = {}, seen = 0, news = async.event()}
  local watch <close> = assert(async.fs.watch(path, options))
  local reader = spawn(function()
    local ended = false
    for event in watch do
      if event.path == path .. "/the-end" then
        ended = true
      else
        note(event, directory)
      end
      if ended and not event.more then break end
    end
  end)
  act()
  wait_for_end(path, reader)
  watch:close()
  reader:await()
  local lines = current.lines
  current = nil
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
