-- Each of these has its result at once.  That goes well 128 times in one step; the
-- next one gives up the turn first.

local turns = 0
spawn({daemon = true}, function()
  while true do
    turns = turns + 1
    async.checkpoint()
  end
end)

local done = spawn(function() return "done" end)
local failed = spawn(function() error("failed", 0) end)
failed:pawait()
local full, closed = async.channel(math.huge), async.channel()
for i = 1, 1000 do full:send(i) end
closed:close()
local event, lock, semaphore = async.event(), async.lock(), async.semaphore(1)
event:set()
local function nothing() return "nothing" end
local object = setmetatable({}, {__await = nothing})
async.actions.now = function(_, wake) wake("now") end
async.actions.never = function(_, _, fail) fail("never") end
local iterate, channel = full:iter()

local names, calls = {}, {}
local function check(name, fn)
  names[#names + 1], calls[name] = name, fn
end

check("recv", function() full:recv() end)
check("recv when closed", function() closed:recv() end)
check("send", function() full:send(1) end)
check("iter", function() iterate(channel) end)
check("event", function() event:wait() end)
check("lock", function() local _ <close> = lock:acquire() end)
check("semaphore", function() local _ <close> = semaphore:acquire() end)
check("lock:with", function() lock:with(nothing) end)
check("semaphore:with", function() semaphore:with(nothing) end)
check("await", function() await(done) end)
check("task:await", function() done:await() end)
check("task:await of one that failed", function() pcall(failed.await, failed) end)
check("pawait", function() failed:pawait() end)
check("await of an object", function() await(object) end)
check("an action", function() await{action = "now"} end)
check("an action by hand", function() coroutine.yield{action = "now"} end)
check("an action that fails", function() pcall(await, {action = "never"}) end)
check("select", function() async.select{done} end)
check("select in vain", function() async.select{timeout = 0} end)
check("scope", function() async.scope(nothing) end)
check("with_timeout", function() async.with_timeout(9, nothing) end)
check("move_on_after", function() async.move_on_after(9, nothing) end)
check("shield", function() async.shield(nothing) end)
check("scope where an error was caught", function() async.scope(function() pcall(error) end) end)
check("shield where an error was caught", function() async.shield(pcall, error) end)
check("move_on_after where an error was caught", function()
  async.move_on_after(9, function() pcall(error) end)
end)
check("all", function() async.all{} end)
check("any", function() async.any{done} end)
check("race", function() async.race{done} end)
check("map", function() async.map({}, nothing) end)
check("map that keeps going", function() async.map({}, nothing, {keep_going = true}) end)
check("settle", function() async.settle{} end)
check("a loop over nothing", function() for _ in async.as_completed{} do end end)
check("a loop that nobody goes through", function() async.as_completed{} end)
check("a loop that nobody goes through, over a task", function() async.as_completed{done} end)
check("a loop that is left", function() for _ in async.as_completed{done} do break end end)
check("retry", function() async.retry(1, nothing) end)

for _, name in ipairs(names) do
  async.checkpoint()
  local before = turns
  for _ = 1, 128 do calls[name]() end
  if turns > before then print(name, "gives up the turn too early") end
  calls[name]()
  if turns ~= before + 1 then print(name, "goes on for ever") end
  -- The next step begins anew.
  for _ = 1, 127 do calls[name]() end
  if turns ~= before + 1 then print(name, "does not begin anew") end
  calls[name]()
  calls[name]()
  if turns ~= before + 2 then print(name, "counts wrong") end
end

-- What has counted in one step is not saved up for another.
local hoard = {}
for i = 1, 200 do hoard[i] = {async.as_completed{done}} end
async.checkpoint()
local before = turns
for i = 1, 200 do hoard[i][1](hoard[i][2]) end
if turns ~= before + 1 then print("loops that were begun before go on for ever") end
print("they all do")                               -- expect: they all do
