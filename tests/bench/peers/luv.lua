-- Tasks on libuv's binding for Lua: a coroutine each, with a timer of its own,
-- and one queue of those that only give up their turn.
-- lua5.4 luv.lua SCRIPT [arguments]

local uv = require "luv"

local timers = setmetatable({}, {__mode = "k"})
local ready = {}
local idle = uv.new_idle()

local function run_ready()
  local turn = ready
  ready = {}
  for i = 1, #turn do assert(coroutine.resume(turn[i])) end
  if #ready == 0 then idle:stop() end
end

local function wake(co)
  if #ready == 0 then idle:start(run_ready) end
  ready[#ready + 1] = co
end

local function spawn_task(fn, ...)
  local co = coroutine.create(function(...)
    fn(...)
    local timer = timers[coroutine.running()]
    if timer then timer:close() end
  end)
  assert(coroutine.resume(co, ...))
end

function sleep(delay)
  local co = coroutine.running()
  if delay <= 0 then
    wake(co)
  else
    local timer = timers[co]
    if not timer then
      timer = uv.new_timer()
      timers[co] = timer
    end
    uv.update_time()
    timer:start(math.ceil(delay * 1000), 0, function() assert(coroutine.resume(co)) end)
  end
  coroutine.yield()
end

spawn = spawn_task
async = {now = function() return uv.hrtime() * 1e-9 end}

-- All that follows is made of coroutines and the queue; luv itself has none of it.

function async.start(fn, ...)
  local task = {}
  spawn(function(...)
    task.result = fn(...)
    task.ended = true
    if task.awaiter then wake(task.awaiter) end
  end, ...)
  return task
end

function await(task)
  if not task.ended then
    task.awaiter = coroutine.running()
    coroutine.yield()
  end
  return task.result
end

-- A queue of coroutines: those who wait, first come first.
local function wait_in(queue)
  queue.last = queue.last + 1
  queue[queue.last] = coroutine.running()
  coroutine.yield()
end

local function wake_first(queue)
  if queue.first > queue.last then return end
  local co = queue[queue.first]
  queue[queue.first] = nil
  queue.first = queue.first + 1
  wake(co)
end

local Channel = {}
Channel.__index = Channel

function async.channel(capacity)
  return setmetatable({
    capacity = math.max(1, capacity), first = 1, last = 0,
    receivers = {first = 1, last = 0}, senders = {first = 1, last = 0},
  }, Channel)
end

function Channel:send(value)
  while self.last - self.first + 1 == self.capacity do wait_in(self.senders) end
  self.last = self.last + 1
  self[self.last] = value
  wake_first(self.receivers)
end

function Channel:recv()
  while self.first > self.last do
    if self.closed then return nil end
    wait_in(self.receivers)
  end
  local value = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  wake_first(self.senders)
  return value
end

function Channel:close()
  self.closed = true
  while self.receivers.first <= self.receivers.last do wake_first(self.receivers) end
end

-- To cancel is to close the timers of those who sleep, and to have each of them
-- raise an error where it waited.
local Scope = {}
Scope.__index = Scope

function async.scope(fn)
  local scope = setmetatable({left = 0, sleeping = {}}, Scope)
  function scope.sleep(seconds)
    local co = coroutine.running()
    scope.sleeping[co] = true
    sleep(seconds)
    scope.sleeping[co] = nil
    if scope.cancelled then error(scope) end
  end
  fn(scope)
  if scope.left == 0 then return end
  scope.parent = coroutine.running()
  coroutine.yield()
end

function Scope:spawn(fn, ...)
  self.left = self.left + 1
  spawn(function(...)
    local ok, err = pcall(fn, ...)
    if not ok and err ~= self then error(err, 0) end
    self.left = self.left - 1
    if self.left == 0 and self.parent then wake(self.parent) end
  end, ...)
end

function Scope:cancel()
  self.cancelled = true
  for co in pairs(self.sleeping) do
    timers[co]:stop()
    wake(co)
  end
end

spawn(assert(loadfile(arg[1])), table.unpack(arg, 2))
uv.run()
