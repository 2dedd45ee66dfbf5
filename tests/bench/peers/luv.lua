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
    if #ready == 0 then idle:start(run_ready) end
    ready[#ready + 1] = co
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

spawn(assert(loadfile(arg[1])), table.unpack(arg, 2))
uv.run()
