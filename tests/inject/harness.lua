-- What a script meets in the harness, run before it outside any task.  entered,
-- closed and in_body are C functions of subject.c.
--
-- Each task gets a to-be-closed value around its function, and what the script
-- itself closes is counted: entered when made, for nearly all write
-- `local x <close> = ...` in one line.  Only what a task makes in its own
-- coroutine is counted: a generator that nobody goes on with is never closed.

local raw_setmetatable, raw_spawn, raw_defer = setmetatable, spawn, async.defer
local pack, unpack = table.pack, table.unpack -- scripts may take them away
local metatable_of, type = debug.getmetatable, type

local closes = {__close = closed}

local function guard()
  local g = raw_setmetatable({}, closes)
  entered()
  return g
end

-- The same function with a guard around it.
local function guarded(fn)
  return function(...)
    local g <close> = guard()
    return fn(...)
  end
end

local function is_callable(value)
  if type(value) == "function" then return true end
  local meta = metatable_of(value)
  return type(meta) == "table" and meta.__call ~= nil
end

-- (options, fn, ...) or (fn, ...), the function guarded.
local function with_guard(...)
  local list = pack(...)
  local index = is_callable(list[1]) and 1 or 2
  if type(list[index]) == "function" then list[index] = guarded(list[index]) end
  return unpack(list, 1, list.n)
end

function spawn(...)
  return raw_spawn(with_guard(...))
end

-- The method of scopes, of which the first one made gives the metatable.
local scope = async.scope
function async.scope(fn, ...)
  return scope(type(fn) == "function" and function(s, ...)
    local methods = metatable_of(s).__index
    if not methods.raw_spawn then
      methods.raw_spawn = methods.spawn
      function methods.spawn(object, ...) return methods.raw_spawn(object, with_guard(...)) end
    end
    return fn(s, ...)
  end or fn, ...)
end

local counted = raw_setmetatable({}, {__mode = "k"})
local wrapped = raw_setmetatable({}, {__mode = "k"})

local function wrap_close(close)
  return function(object, err)
    if counted[object] then closed() end
    return close(object, err)
  end
end

function setmetatable(object, meta)
  local result = raw_setmetatable(object, meta)
  local close = type(meta) == "table" and rawget(meta, "__close")
  if type(close) ~= "function" then return result end
  if not wrapped[close] then
    local wrapper = wrap_close(close)
    wrapped[wrapper] = true
    meta.__close = wrapper
  end
  if in_body() and not counted[object] then
    counted[object] = true
    entered()
  end
  return result
end

function async.defer(fn)
  if type(fn) ~= "function" or not in_body() then return raw_defer(fn) end
  local result = raw_defer(function(...)
    closed()
    return fn(...)
  end)
  entered()
  return result
end

local function refuse() error("not in this harness", 2) end
os.execute, io.popen, os.remove, os.rename, os.tmpname = refuse, refuse, refuse, refuse, refuse
os.exit = leave

-- The first task: functions that the chunk returns become tasks.
return function(chunk, ...)
  local g <close> = guard()
  local results = pack(chunk(...))
  for i = 1, results.n do
    if type(results[i]) == "function" then spawn(results[i]) end
  end
end
