-- Scopes, deadlines and what is built of them.

local function job(seconds, text)
  return function()
    local g <close> = guard()
    sleep(seconds)
    if text then error(text, 0) end
    return seconds
  end
end

-- A word for what pcall gives.
local function outcome(ok, err)
  if ok then return "ok" end
  return kind(err)
end

-- Two errors, one of them in clean-up, and a third that was cancelled.
log(outcome(pcall(async.scope, function(s)
  s:spawn({name = "one"}, job(0.1, "planned: one"))
  s:spawn({name = "two"}, function()
    local g <close> = async.defer(function() error("planned: two", 0) end)
    sleep(1)
  end)
  s:spawn(job(5))
  s:spawn(function() async.shield(sleep, 0.3) log "unwound" end)
  sleep(10)
end)))

-- One error as it is; a scope in a task in a scope.
log(pcall(async.scope, function(s)
  s:spawn(function()
    async.scope(function(inner)
      for i = 1, 3 do inner:spawn(job(i * 0.1, i == 2 and "planned: inner" or nil)) end
    end)
  end)
  s:spawn(job(3))
end))

log(async.scope(function(s)
  s:spawn(job(5))
  spawn(function() sleep(0.1) s:cancel("enough") end)
end))

-- The innermost deadline, the outermost, and one in a shield.
log(outcome(pcall(async.with_timeout, 1, function()
  local g <close> = guard()
  log(async.move_on_after(0.1, job(5)))
  async.with_timeout(3, job(5))
end)))
log(async.move_on_after(0.1, function()
  async.shield(function() log(async.move_on_after(0.2, job(5))) end)
end))
log(async.with_timeout(1, job(0.1)))
log(outcome(pcall(async.with_timeout, 0, sleep, 1)))

-- Combinators.
log(async.all {job(0.1), job(0.2), spawn(job(0.1))}.n)
log(pcall(async.all, {job(0.1, "planned: all"), job(5)}))
log(async.any {job(0.1, "planned: any"), job(0.2)})
log(outcome(pcall(async.any, {job(0, "planned: a"), job(0.1, "planned: b")})))
log(async.race {job(0.3), job(0.1), spawn(job(5))})
log(#async.map({3, 1, 2}, function(x) sleep(x / 10) return x end, {limit = 2}))
local tries = 0
log(async.retry(3, function(i)
  tries = i
  job(0, i < 3 and "planned: retry" or nil)()
  return i
end, {delay = 0.1, factor = 2}))
local ticks = 0
async.every(0.1, function() ticks = ticks + 1 return ticks < 3 end)
log(tries, ticks)

-- Cancelled from outside with all of this under way.
local all = spawn({name = "all"}, function()
  async.scope(function(s)
    s:spawn(function() async.all {job(5), job(6)} end)
    s:spawn(function() async.race {job(5), spawn(job(6))} end)
    s:spawn(function() async.scope(function(inner) inner:spawn(job(7)) sleep(9) end) end)
  end)
end)
sleep(0.1)
log(all:cancel())
log(outcome(all:pawait()))
error("planned: end", 0)
