-- SPDX-License-Identifier: MIT
--
-- server.lua -- serve(): a task a connection.
--
-- The task that calls it accepts.  Those of the connections belong to a scope in a shield, which
-- another task holds open: what ends the run ends the accepting, and leaves them until the grace
-- is over; what cancels only the caller cancels them.

local parts = net_parts()
local raise = parts.raise

local server = {}

-- What those do first who come to a server that speaks TLS.
local guards = setmetatable({}, {__mode = "k"})

function server.speak_tls(self, guard) guards[self] = guard end

-- server:accept(), of such a one: the handshake comes with the first read or write.
function server.accept(self)
  if not parts.is_server(self) then
    raise "server:accept: accept() is a method of a server: server:accept()"
  end
  local stream, message, code = parts.accept(self)
  local guard = stream and guards[self]
  if not guard then return stream, message, code end
  return guard.attach(stream)
end

-- The stream is closed with the task, at the latest.
local function attend(stream, handler, guard)
  if guard and not guard.begin(stream) then return end
  handler(stream)
  stream:close()
end

-- Has a task hold a scope open, until `finish` is set.
local function open_scope(held, name)
  held.ready, held.finish = async.event(name), async.event("the end of " .. name)
  held.task = parts.add_task(name, held.is_daemon, function()
    async.shield(parts.reporting_scope, function(scope)
      held.scope = scope
      held.ready:set()
      held.finish:wait()
    end)
  end)
  async.select{held.ready, held.task}
  if not held.scope then error("not enough memory", 0) end
end

-- Those that are idle end; where it is not to go on, all are cancelled.  Also for want of memory
-- nobody is forgotten.
local function wind_up(self, held, goes_on)
  parts.close_server(self)
  if not held.task then return end
  parts.end_idle(self)
  held.finish:set()
  local cancelled = goes_on or held.scope and pcall(held.scope.cancel, held.scope)
  if not cancelled then parts.end_all(self) end
  pcall(async.shield, held.task.pawait, held.task) -- unless there is no time for that
  parts.end_all(self)
end

local QUIET = 60 -- seconds without a failure, until one is reported again

local function report(self, held, message)
  held.scope:spawn({name = "serve " .. self.address, daemon = held.is_daemon}, function()
    error(message .. " (tried again when a descriptor is free, and each second)", 0)
  end)
end

-- True, or nil, message, code.
local function take_one(self, held, handler, options)
  local stream, message, code = parts.take(self)
  if not stream then return nil, message, code end
  parts.count_in(self, stream)
  options.name = stream.peer
  local task = held.scope:spawn(options, attend, stream, handler, guards[self])
  if parts.attend(self, stream, task) then return true end
  task:cancel()
  error("not enough memory", 0)
end

-- Until the server is closed.  Want of memory is one more reason why nobody can be taken now.
local function accept_all(self, held, handler)
  local options, failed_at = {daemon = held.is_daemon}, -huge
  while true do
    local ok, taken, message, code = pcall(take_one, self, held, handler, options)
    if code == "ECANCELED" then return end
    if not ok then
      parts.recover(self)
      message = format("cannot accept at %s: %s", self.address, tostring(taken))
    end
    if not (ok and taken) then
      if async.now() - failed_at > QUIET then pcall(report, self, held, message) end
      failed_at = async.now()
    end
  end
end

local function check_options(options)
  if options == nil then return end
  if type(options) ~= "table" then
    raise("server:serve: options must be a table, got " .. type(options))
  end
  for key in next, options do
    if key ~= "max" then
      raise(format("server:serve: unknown option '%s'%s", tostring(key), parts.hint(key, {"max"})))
    end
  end
  local limit = options.max
  if limit == nil or limit == huge then return end
  local count = type(limit) == "number" and tointeger(limit)
  if count and count >= 1 then return count end
  local shown = type(limit) == "string" and format("%q", limit) or tostring(limit)
  raise("server:serve: max must be a number of connections from 1 on, got " .. shown)
end

function server.serve(self, handler, options)
  if not parts.is_server(self) then
    raise "server:serve: serve() is a method of a server: server:serve(handler)"
  end
  if not parts.is_callable(handler) then
    raise("server:serve: expected a function as argument 1, got " .. type(handler))
  end
  local limit = check_options(options)
  parts.enter "server:serve"
  if not parts.begin_serving(self, limit) then raise "server:serve: it is served already" end
  local held, is_closed = {is_daemon = parts.is_daemon()}, false
  local ending <close> = async.defer(function()
    wind_up(self, held, is_closed or (parts.is_ending() and not held.is_daemon))
  end)
  open_scope(held, "serve " .. self.address)
  accept_all(self, held, handler)
  is_closed = true
  return true
end

return server
