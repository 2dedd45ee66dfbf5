-- Each deadline and each scope is over when it has been left: only what stays in
-- force counts as one and the same cancellation.
local function count(fn)
  local n = 0
  for _ = 1, 1000 do
    if select("#", fn()) == 2 then n = n + 1 end
  end
  return n
end
local function in_time() return async.move_on_after(1, sleep, 10) end
local function in_a_scope() return async.scope(function(scope) scope:cancel() sleep(1) end) end
local function caught() return pcall(async.with_timeout, 1, sleep, 10) end
print(count(in_time), count(in_a_scope), count(caught))  -- expect: 1000	1000	1000
print(count(function() return coroutine.wrap(in_time)() end))  -- expect: 1000
local task = spawn(function()
  local guard <close> = async.defer(function()
    print(async.shield(count, in_time))            -- expect: 1000
  end)
  sleep(1e6)
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
