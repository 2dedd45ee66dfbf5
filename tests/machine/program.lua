-- SPDX-License-Identifier: MIT
--
-- program.lua -- random programs for the state machine.
--
-- program.make(seed) gives {procedures, starts, channels, ...}: a procedure is a
-- tree of operations, each a table whose first field names it; play.lua carries
-- them out.  program.list() writes it down for people.  It knows nothing of the
-- Runner, and the same seed gives the same program.

local program = {}

local make = {} -- name -> function(random, depth): the operation's fields

-- ------------------------------------------------------------------ random

-- random(n): a whole number from 1 to n.
function program.random(seed)
  local state = seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019
  local function random(n)
    state = state * 6364136223846793005 + 1442695040888963407
    local x = state ~ (state >> 29)
    return (x >> 20) % n + 1
  end
  random(2)
  return random
end

local function one_of(random, list)
  return list[random(#list)]
end

-- ------------------------------------------------------------- single steps

local DELAYS = {0, 0, 0, 0.25, 0.25, 0.5, 0.5, 1, 1, 1.5, 2, 3, -1}
local LIMITS = {0, -1, 0.25, 0.25, 0.5, 0.5, 1, 1, 1.5, 2, math.huge}

function make.sleep(random)
  local delay = random(40) == 1 and math.huge or one_of(random, DELAYS)
  return {delay = delay, how = one_of(random, {"sleep", "sleep", "await", "yield", "object"}),
    to_deadline = random(6) == 1}
end

function make.checkpoint() return {} end
function make.yield() return {} end
function make.spawn(random) return {n = random(100), daemon = random(12) == 1} end
function make.await(random) return {n = random(100), protected = random(2) == 1} end
function make.cancel(random) return {n = random(100), own = random(12) == 1} end
function make.send(random) return {n = random(100), value = random(12) > 1} end
function make.recv(random) return {n = random(100), iter = random(4) == 1} end
function make.close(random) return {n = random(100)} end
function make.set(random) return {n = random(100)} end
function make.clear(random) return {n = random(100)} end
function make.wait(random) return {n = random(100)} end
function make.release(random) return {n = random(100)} end
function make.wake(random) return {n = random(100), fail = random(3) == 1} end
function make.poke(random) return {now = random(5) == 1} end
function make.park() return {} end
function make.unpark(random) return {n = random(100)} end
function make.raise() return {} end
function make.work(random) return {seconds = one_of(random, {0.125, 0.25, 1})} end
function make.local_set(random) return {n = random(100)} end
function make.scope_spawn(random) return {n = random(100), m = random(100)} end
function make.scope_cancel(random) return {n = random(100), own = random(3) == 1} end
function make.interrupt() return {} end
function make.cancel_all() return {} end
function make.collect() return {} end
function make.tree() return {} end

-- Takes a lock and keeps it.
function make.acquire(random) return {n = random(100)} end

function make.select(random)
  local items = {}
  for i = 1, random(4) do
    items[i] = {one_of(random, {"channel", "channel", "channel", "event", "task"}), random(100)}
  end
  return {items = items, timeout = random(2) == 1 and one_of(random, LIMITS) or nil}
end

-- ------------------------------------------------------------------ blocks

local list_of

local function block(random, depth, fields)
  fields.body = list_of(random, depth + 1)
  return fields
end

function make.scope(random, depth)
  return block(random, depth, {children = random(3) - 1, n = random(100)})
end

function make.timeout(random, depth)
  return block(random, depth, {seconds = one_of(random, LIMITS), moves_on = random(2) == 1})
end

function make.shield(random, depth) return block(random, depth, {}) end

function make.guard(random, depth)
  return block(random, depth, {n = random(100), permits = one_of(random, {"lock", "semaphore"}),
    with = random(2) == 1})
end

function make.pcall(random, depth) return block(random, depth, {handler = random(3) == 1}) end

function make.coroutine(random, depth)
  return block(random, depth, {wrap = random(2) == 1, most = random(4), raises = random(2) == 1})
end

function make.defer(random, depth)
  return block(random, depth, {library = random(2) == 1, cleanup = list_of(random, depth + 2)})
end

function make.callback(random, depth) return block(random, depth, {}) end
function make.loop(random, depth) return block(random, depth, {times = random(3)}) end

-- Goes on after each cancellation, until it is closed.
function make.stubborn(random) return {times = one_of(random, {3, 103, 110})} end

-- Those that spawn tasks of their own, which the model does not know.
function make.combine(random)
  local items = {}
  for i = 1, random(4) do
    items[i] = {one_of(random, {"function", "function", "task"}), random(100)}
  end
  return {items = items, how = one_of(random, {"all", "any", "race"})}
end

-- Those that tell of each end.  Who sleeps for long has to be cancelled.
local function list_of_ends(random, fields)
  fields.items = {}
  local kinds = {"function", "function", "quick", "quick", "failing", "task", "task"}
  if fields.seconds or fields.most then kinds[#kinds + 1] = "sleeper" end
  for i = 1, random(6) - 1 do fields.items[i] = {one_of(random, kinds), random(100)} end
  return fields
end

local function end_fields(random)
  local seconds = random(3) == 1 and one_of(random, {0, 0.25, 0.25, 0.5, 0.75, 1.5}) or nil
  return {seconds = seconds, moves_on = random(2) == 1}
end

function make.as_completed(random)
  local fields = end_fields(random)
  fields.most = random(2) == 1 and random(3) or nil
  fields.raises = fields.most and random(3) == 1
  return list_of_ends(random, fields)
end

function make.settle(random) return list_of_ends(random, end_fields(random)) end

function make.map_all(random)
  local fields = end_fields(random)
  fields.limit = random(4)
  return list_of_ends(random, fields)
end

function make.map(random) return {count = random(5), limit = random(4), n = random(100)} end

function make.retry(random)
  return {times = random(3), delay = one_of(random, {0, 0.25}), n = random(100)}
end

function make.every(random)
  return {seconds = one_of(random, {0.25, 0.5}), times = random(3), n = random(100)}
end

-- --------------------------------------------------------------- procedures

local SINGLE = {
  sleep = 14, checkpoint = 4, yield = 4, spawn = 9, await = 8, cancel = 7, send = 16, recv = 14,
  close = 1, set = 3, clear = 1, wait = 4, release = 2, wake = 3, poke = 3, raise = 2, work = 2,
  local_set = 3, park = 3, unpark = 5, scope_spawn = 5, scope_cancel = 4, interrupt = 1,
  acquire = 2, select = 12, collect = 1, tree = 1,
}
local BLOCKS = {
  scope = 8, timeout = 8, shield = 5, guard = 8, pcall = 5, coroutine = 5, defer = 4, callback = 1,
  loop = 3,
}
local COMBINATORS = {
  "combine", "combine", "combine", "map", "retry", "every",
  "as_completed", "as_completed", "as_completed", "settle", "settle", "map_all", "map_all",
}
local MOST_DEPTH = 5

-- Names as often as they weigh, in an order of their own.
local function bag(weights)
  local names, result = {}, {}
  for name in pairs(weights) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    for _ = 1, weights[name] do result[#result + 1] = name end
  end
  return result
end

local singles, blocks = bag(SINGLE), bag(BLOCKS)

local is_loose -- is the program one of those that use combinators?

local function operation(random, depth)
  local is_block = depth < MOST_DEPTH and random(10) <= 4
  local name = one_of(random, is_block and blocks or singles)
  if not is_block and random(1500) == 1 then name = "cancel_all" end
  if is_loose and random(8) == 1 then name = one_of(random, COMBINATORS) end
  local result = make[name](random, depth)
  result[1] = name
  return result
end

function list_of(random, depth)
  local list = {}
  local most = depth == 1 and 9 or 6 - depth // 2
  for i = 1, random(most) do list[i] = operation(random, depth) end
  return list
end

local RESCUES = {
  "send", "send", "send", "recv", "recv", "set", "wake", "unpark", "unpark", "cancel",
  "scope_cancel", "select", "release",
}

-- What is tried when all wait for one another.
local function rescue(random)
  local list = {}
  for i = 1, 2 + random(6) do
    local name = one_of(random, RESCUES)
    local op = make[name](random, MOST_DEPTH)
    op[1] = name
    list[i] = {"timeout", seconds = one_of(random, {0, 0, 0.25}), moves_on = true, body = {op}}
  end
  return list
end

function program.make(seed)
  local random = program.random(seed)
  local made = {
    order = random(3) == 1 and 0 or seed,     -- of the Runner: another legal schedule
    starts = {}, procedures = {}, rescuers = {},
    channels = {0, one_of(random, {0, 1}), one_of(random, {1, 2, 3}), math.huge},
    locks = random(2), semaphores = {random(3)}, events = 2,
    most_tasks = 8 + random(30),
    cancel_at = random(4) == 1 and random(40) or nil, -- the pass before which all is cancelled
    close_at = random(15) == 1 and random(30) or nil, -- and before which all is closed
    opens = random(4) - 1,                     -- how often the host helps what waits in shields
    late = random(4) == 1,                     -- the host comes back late
    early = random(4) == 1,                    -- and too early
    loose = random(10) == 1,                   -- it uses combinators: there is no model then
    traced = random(8) == 1,
    at_once = one_of(random, {1, 1, 2, 3, 5, 128}),      -- how often a step goes on
    newcomers = one_of(random, {0, 1, 2, 4, 8, 10000}),  -- and how many a pass takes
  }
  is_loose = made.loose
  for i = 1, 2 + random(4) do
    made.procedures[i] = {body = list_of(random, 1), results = random(4) - 1}
  end
  if random(12) == 1 then
    local op = make.stubborn(random)
    op[1] = "stubborn"
    table.insert(made.procedures, {body = {op}, results = 1})
  end
  for i = 1, 2 + random(5) do made.starts[i] = random(#made.procedures) end
  for i = 1, random(8) - 1 do made.rescuers[i] = {body = rescue(random), results = 0} end
  return made
end

-- ------------------------------------------------------------------ listing

local function fields_of(op)
  local names, words = {}, {}
  for name, value in pairs(op) do
    if name ~= 1 and type(value) ~= "table" then names[#names + 1] = name end
  end
  table.sort(names)
  for i, name in ipairs(names) do words[i] = ("%s=%s"):format(name, tostring(op[name])) end
  if op.items then
    for _, item in ipairs(op.items) do words[#words + 1] = item[1] .. " " .. item[2] end
  end
  return table.concat(words, " ")
end

local function list(ops, indent, write)
  for _, op in ipairs(ops) do
    write(("%s%s %s"):format(indent, op[1], fields_of(op)))
    if op.cleanup then
      list(op.cleanup, indent .. "  ~ ", write)
    end
    if op.body then list(op.body, indent .. "  ", write) end
  end
end

function program.list(made, write)
  write(("starts %s; order %d; cancel_at %s; close_at %s; most_tasks %d; at_once %d; newcomers %d%s"):format(
    table.concat(made.starts, " "), made.order, tostring(made.cancel_at),
    tostring(made.close_at), made.most_tasks, made.at_once, made.newcomers, made.loose and "; without model" or ""))
  for i, procedure in ipairs(made.procedures) do
    write(("procedure %d, %d results"):format(i, procedure.results))
    list(procedure.body, "  ", write)
  end
  for i, procedure in ipairs(made.rescuers) do
    write(("rescuer %d"):format(i))
    list(procedure.body, "  ", write)
  end
end

return program
