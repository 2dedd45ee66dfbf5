-- A thread in the midst of a computation is reached with a signal: with none that the script can
-- have, before or afterwards.
local names = {"URG", "IO", "USR1", "USR2", "WINCH", "CONT", "PROF", "VTALRM"}
local heard = async.channel(100)
local process = async.process

local function is_cancelled()
  local started = async.channel(1)
  local task = spawn(async.thread, function(ch)
    ch:send(true)
    while true do end
  end, started)
  started:recv()
  task:cancel()
  return (select(2, async.select {task, timeout = 20})) ~= "timeout"
end

local function are_heard()
  for _, name in ipairs(names) do
    process.run(process.sh("kill -" .. name .. " $PPID"))
    local came = heard:recv()
    if came ~= name then return name, came end
  end
  return true
end

local function hear(name) return async.signal.on(name, function() heard:send(name) end) end

local function all(left, ...)
  if #left == 0 then return are_heard(), is_cancelled(), are_heard() end
  local handler <close> = hear(left[1])
  return all({table.unpack(left, 2)})
end

print(all(names))    -- expect: true	true	true
print(is_cancelled()) -- expect: true
print(all(names))    -- expect: true	true	true
