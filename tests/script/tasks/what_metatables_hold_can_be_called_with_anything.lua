-- Functions that scripts reach by getmetatable() check what they are called with.
local odd = {1, "abc", true, {}, print, io.stdout, coroutine.create(print), setmetatable({}, {})}
local called, seen = 0, {[_G] = true, [string] = true}

local function call(f)
  called = called + 1
  pcall(f)
  for i = 1, #odd do
    for _, key in ipairs{"all", "zip", 1, odd[i]} do pcall(f, odd[i], key, odd[i]) end
    pcall(f, odd[i])
  end
end

-- Functions of the metatable of `value`, and of the metatables of what lies in it.
local function walk(value)
  local meta = getmetatable(value)
  if type(meta) ~= "table" or seen[meta] then return end
  seen[meta] = true
  for _, field in next, meta do
    if type(field) == "function" then call(field) end
    walk(field)
  end
  walk(meta)
end

-- What is offered in async is not loaded yet.
walk(async)
print(called, rawget(async, "all"))                   -- expect: 2	nil
local mine, mine_too = {}, setmetatable({}, getmetatable(async))
pcall(getmetatable(async).__index, mine, "all")
pcall(getmetatable(async).__pairs, mine)
print(next(mine), mine_too.every, next(mine_too))     -- expect: nil	nil	nil

local failed = spawn({name = "failed"}, function() sleep(1) error "no" end)
local _, timeout = pcall(async.with_timeout, 0, sleep, 1)
local _, errors = pcall(async.any, {error})
local cancelled = spawn(sleep, 9)
cancelled:cancel()
local guard <close> = async.lock():acquire()
local watch
for _, state in ipairs{async.as_completed{function() end}} do watch = watch or state end
local subjects = {async, async.actions, failed, timeout, errors, select(2, cancelled:pawait()),
  watch, async.channel(), async.event(), async.lock(), async.semaphore(1), async.defer(print),
  async.task_local(1), guard, runner, spawn, await, sleep,
  async.event "named"}
failed:pawait()

for _, subject in ipairs(subjects) do odd[#odd + 1] = subject end
for _, subject in ipairs(subjects) do walk(subject) end
print(called > 6, #async.all{function() end})         -- expect: true	0
