-- Tasks on cqueues: lua5.4 cqueues.lua SCRIPT [arguments]

local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local promise = require "cqueues.promise"

local loop = cqueues.new()

function spawn(fn, ...) loop:wrap(fn, ...) end
sleep = cqueues.sleep
async = {now = cqueues.monotime}

-- Its tasks have no results, its promises do.
async.start = promise.new
function await(task) return task:get() end

-- cqueues has conditions, and a channel is a monitor made of two.
local Channel = {}
Channel.__index = Channel

function async.channel(capacity)
  return setmetatable({
    capacity = math.max(1, capacity), first = 1, last = 0,
    filled = condition.new(), emptied = condition.new(),
  }, Channel)
end

function Channel:send(value)
  while self.last - self.first + 1 == self.capacity do self.emptied:wait() end
  self.last = self.last + 1
  self[self.last] = value
  self.filled:signal(1)
end

function Channel:recv()
  while self.first > self.last do
    if self.closed then return nil end
    self.filled:wait()
  end
  local value = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  self.emptied:signal(1)
  return value
end

function Channel:close()
  self.closed = true
  self.filled:signal()
end

-- There is no cancellation: those who sleep poll a condition as well, and raise
-- an error themselves when it was signalled.
local Scope = {}
Scope.__index = Scope

function async.scope(fn)
  local scope = setmetatable(
    {left = 0, cancelled = condition.new(), ended = condition.new()}, Scope)
  function scope.sleep(seconds)
    if cqueues.poll(scope.cancelled, seconds) == scope.cancelled then error(scope) end
  end
  fn(scope)
  while scope.left > 0 do scope.ended:wait() end
end

function Scope:spawn(fn, ...)
  self.left = self.left + 1
  loop:wrap(function(...)
    local ok, err = pcall(fn, ...)
    if not ok and err ~= self then error(err, 0) end
    self.left = self.left - 1
    if self.left == 0 then self.ended:signal() end
  end, ...)
end

function Scope:cancel() self.cancelled:signal() end

loop:wrap(assert(loadfile(arg[1])), table.unpack(arg, 2))
assert(loop:loop())
