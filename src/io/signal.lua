-- SPDX-License-Identifier: MIT
--
-- signal.lua -- async.signal: what scripts call.
--
-- A handler is a daemon that waits in a watch, and has the function called by a task of its own,
-- one after the other.  What comes meanwhile is told once more when that has ended.

local parts = signal_parts()
local raise = parts.raise

local signal = {}

local function number_of(name, call)
  if type(name) ~= "string" then
    raise(format("signal.%s: expected a signal's name, such as \"HUP\", got %s", call, type(name)))
  end
  if find(name, "\0", 1, true) then raise(format("signal.%s: a name has no zero byte", call)) end
  local number, wrong = parts.number(name)
  if not number then raise(format("signal.%s: %s", call, wrong)) end
  return number
end

-- Whether also a signal is wanted that was ignored when the program was started.
local function force_of(options)
  options = parts.check_options("signal.on", options, {force = true})
  if options.force ~= nil and type(options.force) ~= "boolean" then
    raise("signal.on: force must be true or false, got " .. type(options.force))
  end
  return options.force or false
end

local Handler = {__name = "signal handler"}
Handler.__index = Handler
local watches = setmetatable({}, {__mode = "k"})

function Handler:close()
  local watch = watches[self]
  if not watch then raise "signal.on: close() is a method of what it gives: handler:close()" end
  parts.close(watch)
end

Handler.__close = Handler.close

function Handler:__tostring() return "signal handler: " .. self.name end

-- One call of the function; `ended` is set however it comes to its end.
local function call(fn, name, ended)
  local _ <close> = async.defer(function() ended:set() end)
  fn(name)
end

local function attend(watch, fn)
  local closing <close> = watch
  for came in parts.next, watch do
    local ended = async.event("the handler of " .. came)
    parts.add_task("on " .. came, function() call(fn, came, ended) end)
    ended:wait()
  end
end

function signal.on(name, fn, options)
  local number = number_of(name, "on")
  if not parts.is_callable(fn) then
    raise("signal.on: expected a function as argument 2, got " .. type(fn))
  end
  local watch = parts.watch(force_of(options), number)
  local handler = setmetatable({name = name}, Handler)
  watches[handler] = watch
  local ok, err = pcall(parts.attend, watch, "signal " .. name, function() attend(watch, fn) end)
  if not ok then
    parts.close(watch)
    error(err, 0)
  end
  return handler
end

function signal.wait(...)
  local numbers = pack(...)
  if numbers.n == 0 then raise "signal.wait: expected the name of a signal" end
  for i = 1, numbers.n do numbers[i] = number_of(numbers[i], "wait") end
  local watch <close> = parts.watch(false, unpack(numbers, 1, numbers.n))
  local came = parts.next(watch)
  return came
end

return {signal = signal}
