-- SPDX-License-Identifier: MIT
--
-- combine.lua -- all, any, race, map, settle, as_completed, retry, every: what scopes
-- are good for.
--
-- It sees nothing of the script's globals.  Three scopes of its own: `first` raises
-- the first failure as it is, even if others followed; `collect` and `settling` let
-- their children fail, and neither end the others nor raise their errors.  A watch
-- tells which task has ended, one after the other.  A call that need not wait counts
-- once, whatever it calls itself: see counted and uncounted in combine.c.

local combine = {}

local function shown(value)
  if type(value) ~= "number" then return type(value) end
  return value ~= value and "nan" or tostring(value)
end

local function kind(value) return is_task(value) and "Task" or type(value) end

local function check_function(name, index, value)
  if is_callable(value) then return end
  error(format("%s: expected a function as argument %d, got %s; pass the function itself",
    name, index, kind(value)), 3)
end

local function check_list(name, list, advice, level)
  if type(list) == "table" then return end
  error(format("%s: expected a list, got %s; %s", name, kind(list), advice), level)
end

local function check_tasks(name, list)
  check_list(name, list, format("put them in a list: %s{f, g}", name), 4)
  for i = 1, #list do
    if not is_task(list[i]) and not is_callable(list[i]) then
      error(format("%s: expected a function or a task at index %d, got %s; %s", name, i,
        type(list[i]), "pass functions, do not call them"), 3)
    end
    if list[i] == async.current() then error(name .. ": a task cannot await itself", 3) end
  end
end

-- -> the count; or nil and what is wrong with it
local function count_of(name, what, value)
  local count = type(value) == "number" and tointeger(value)
  if count and count >= 1 then return count end
  return nil, format("%s: %s must be a whole number from 1 on, got %s", name, what, shown(value))
end

local function check_count(name, what, value)
  local count, message = count_of(name, what, value)
  return count or error(message, 3)
end

-- `known` has the options as keys, `words` names them, `example` shows one.
local function check_options(name, options, known, words, example)
  if options == nil then return {} end
  if type(options) ~= "table" then
    error(format("%s: options must be a table, got %s; as in %s", name, type(options), example), 3)
  end
  for key in next, options do
    if not known[key] then
      error(format("%s: unknown option '%s' (there are %s)", name, tostring(key), words), 3)
    end
  end
  return options
end

local function cancel(tasks)
  for _, task in ipairs(tasks) do task:cancel() end
end

local ended = {done = true, failed = true, cancelled = true}

-- The tasks of the list that were given, and did not begin here.
local function given_in(list)
  local given = {}
  for i = 1, #list do
    if is_task(list[i]) then given[#given + 1] = list[i] end
  end
  return given
end

-- Cancels the tasks that have not ended, and sees them unwind.  What goes wrong in
-- their clean-up is reported.
local function see_off(tasks)
  local left = {}
  for _, task in ipairs(tasks) do
    if not ended[task:status()] then left[#left + 1] = task end
  end
  cancel(left)
  if #left == 0 or not can_wait() then return end -- in a generator that is closed
  async.shield(function()
    for _, task in ipairs(left) do
      task:pawait()
      report_unheard(task)
    end
  end)
end

-- To be closed.
local function seen_off(tasks)
  return async.defer(function() see_off(tasks) end)
end

-- Starts the functions of the list as children of the scope: a list of all.
local function start(scope, list)
  local tasks = {}
  for i = 1, #list do
    tasks[i] = is_task(list[i]) and list[i] or scope:spawn(list[i])
  end
  return tasks
end

-- A child that ends as the given task does, and takes it along when cancelled.
local function follow(task, taken)
  local _ <close> = async.defer(function() taken[task] = task:cancel() end)
  task:await()
end

local function without(tasks, taken)
  local left = {}
  for _, task in ipairs(tasks) do
    if not taken[task] then left[#left + 1] = task end
  end
  return left
end

function combine.all(list)
  check_tasks("all", list)
  check_wait("all")
  local given, taken = given_in(list), {}
  local _ <close> = seen_off(given)
  local tasks
  local ok, problem = pcall(first, function(scope)
    local begun = start(scope, list)
    for _, task in ipairs(given) do scope:spawn({name = task.name}, follow, task, taken) end
    tasks = begun
  end)
  if not ok then raise_first(without(tasks or {}, taken), problem) end
  local results = {n = #tasks}
  for i, task in ipairs(tasks) do
    local _, value = outcome(task)
    results[i] = value
  end
  return results
end

-- Calls choose(tasks) in a scope, and cancels them all when it has chosen.
local function choose_among(list, choose)
  local _ <close> = seen_off(given_in(list))
  local tasks, chosen = {}, nil
  collect(function(scope)
    local _ <close> = async.defer(function() cancel(tasks) end)
    tasks = start(scope, list)
    chosen = choose(tasks)
  end)
  return chosen, tasks
end

function combine.race(list)
  check_tasks("race", list)
  if #list == 0 then error("race: nothing to run", 2) end
  check_wait("race")
  local winner = choose_among(list, function(tasks)
    local ends <close> = watch(tasks, "race")
    return tasks[(next_end(ends))]
  end)
  uncounted()
  return winner:await()
end

function combine.any(list)
  check_tasks("any", list)
  if #list == 0 then error("any: nothing to try", 2) end
  check_wait("any")
  local winner, tasks = choose_among(list, function(tasks)
    local ends <close> = watch(tasks, "any")
    for index, ok in next_end, ends do
      if ok then return tasks[index] end
    end
  end)
  uncounted()
  if winner then return winner:await() end
  error(errors_of(tasks), 0)
end

function combine.settle(list)
  check_tasks("settle", list)
  check_wait("settle")
  local given, tasks = given_in(list), nil
  local _ <close> = seen_off(given)
  settling(function(scope)
    tasks = start(scope, list)
    local ends <close> = watch(given, "settle")
    for _ in next_end, ends do end
  end)
  local results = {}
  for i, task in ipairs(tasks) do
    local ok, value = outcome(task)
    results[i] = ok and {ok = true, value = value} or {ok = false, error = value}
  end
  return results
end

-- The tasks belong to no scope, for there is no call whose end it could wait for.
-- Where Lua closes a loop's fourth value that sees them off; else the watch cancels
-- them, later.
function combine.as_completed(list)
  counted() -- also when nobody goes through it; first, for the list may be another then
  check_tasks("as_completed", list)
  check_wait("as_completed")
  local closes = for_closes()
  local tasks, ends = {}, nil
  local _ <close> = async.defer(function()
    if not ends then see_off(tasks) end
  end)
  for i = 1, #list do
    tasks[i] = is_task(list[i]) and list[i] or spawn_inside(list[i])
  end
  ends = watch(tasks, "as_completed", true)
  return next_end, ends, nil, closes and async.defer(function()
    leave_watch(ends)
    see_off(tasks)
  end) or nil
end

-- Of `map`, and of what libraries have that is like it.  -> the limit; or nil and what is wrong
function combine.limit_for(call, limit)
  if limit == nil or limit == huge then return huge end
  return count_of(call, "limit", limit)
end

local function check_limit(limit)
  local checked, message = combine.limit_for("map", limit)
  return checked or error(message, 3)
end

local function check_switch(name, value)
  if value == nil or value == true or value == false then return value end
  error(format("map: %s must be true or false, got %s", name, type(value)), 3)
end

-- As soon as one task has ended its place is the next one's.  `call` is what the script has called,
-- `names` what its tasks are called: by index, or one for all.
local function map_all(list, fn, limit, call, names)
  local results, errors, running = {n = #list}, nil, 0
  local ends <close> = watch_some(max(1, min(limit, #list)), call)
  local function take(index, ok, value)
    running = running - 1
    if ok then
      results[index] = value
    else
      errors = errors or {}
      errors[index] = value
    end
  end
  settling(function(scope)
    for index = 1, #list do
      if running >= limit then take(next_end(ends)) end
      local name = type(names) == "table" and names[index] or names
      watch_also(ends, scope:spawn({name = name}, fn, list[index], index), index)
      running = running + 1
    end
    while running > 0 do take(next_end(ends)) end
  end)
  local list_failures = errors and lister_of_failures()
  if list_failures then list_failures(errors, #list) end
  return results, errors
end

local function map_well(list, fn, limit)
  local count = #list
  local results, places = {n = count}, async.semaphore(max(1, min(limit, count)), "map")
  local function work(index)
    local _ <close> = async.defer(function() places:release() end)
    results[index] = fn(list[index], index)
  end
  first(function(scope)
    for index = 1, count do
      uncounted()
      places:acquire()
      scope:spawn({name = "map"}, work, index)
    end
  end)
  return results
end

-- A function that calls `fn` in a thread; and how many of these are at work at once unless the
-- script says so.
local function in_threads(fn, limit)
  local thread, cores = threads()
  if not thread then error("map: there are no threads here", 3) end
  return function(item, index) return thread(fn, item, index) end, limit or cores
end

function combine.map(list, fn, options)
  check_list("map", list, "the list comes first: map(list, fn)", 3)
  check_function("map", 2, fn)
  options = check_options("map", options, {limit = true, keep_going = true, threads = true},
    "limit, keep_going and threads", "map(list, fn, {limit = 2})")
  local limit = options.limit
  if check_switch("threads", options.threads) then fn, limit = in_threads(fn, limit) end
  limit = check_limit(limit)
  local keep_going = check_switch("keep_going", options.keep_going)
  check_wait("map")
  if keep_going then return map_all(list, fn, limit, "map", "map") end
  return map_well(list, fn, limit)
end

-- For libraries: map with keep_going for a function of theirs, `call`, with names of tasks by index.
function combine.map_for(call, names, list, fn, limit)
  return map_all(list, fn, limit, call, names)
end

local function check_number(name, what, value, default)
  if value == nil then return default end
  if type(value) == "number" and value >= 0 and (value < huge or what == "max") then return value end
  error(format("%s: %s must be a number from 0 on, got %s", name, what, shown(value)), 3)
end

function combine.retry(count, fn, options)
  if is_callable(count) then error("retry: the number of tries comes first: retry(3, fn)", 2) end
  count = count == huge and huge or check_count("retry", "the number of tries", count)
  check_function("retry", 2, fn)
  options = check_options("retry", options,
    {delay = true, factor = true, max = true, jitter = true, when = true},
    "delay, factor, max, jitter and when", "retry(3, fn, {delay = 1})")
  local delay = check_number("retry", "delay", options.delay, 0)
  local factor = check_number("retry", "factor", options.factor, 1)
  local most = check_number("retry", "max", options.max, huge)
  local jitter = check_number("retry", "jitter", options.jitter, 0)
  local when = options.when
  if when ~= nil and not is_callable(when) then
    error("retry: when must be a function, got " .. kind(when), 2)
  end
  check_wait("retry")
  counted()
  for try = 1, count - 1 do
    local result = pack(pcall(fn, try))
    if result[1] then return unpack(result, 2, result.n) end
    if when and not when(result[2], try) then raise_first({}, result[2]) end
    local pause = min(delay, most)
    sleep(pause + (jitter > 0 and random() * jitter * pause or 0))
    delay = min(delay * factor, most)
  end
  return fn(count)
end

-- So many points can be told apart.
local COUNTABLE = 1 << 53

function combine.every(seconds, fn)
  if is_callable(seconds) then error("every: seconds come first: every(1, fn)", 2) end
  if type(seconds) ~= "number" or not (seconds > 0 and seconds < huge) then
    error("every: seconds must be a positive number, got " .. shown(seconds), 2)
  end
  check_function("every", 2, fn)
  check_wait("every")
  local start_time, tick = async.now(), 0
  repeat
    local now = async.now()
    local passed = (now - start_time) / seconds
    if passed < COUNTABLE then
      tick = max(tick + 1, -floor(-passed)) -- the next point from now on
      sleep(start_time + tick * seconds - now)
    else -- the points lie closer than times do
      sleep(seconds)
    end
  until fn() == false
end

return combine
