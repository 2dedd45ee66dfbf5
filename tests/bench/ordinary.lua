-- What costs a script that knows nothing of tasks: the same under lua5.4 and under
-- tinyasync.  `ordinary.lua JOB` does the job and says on stderr what CPU it took, as
-- JOB=SECONDS: standard output is what some of them measure.

local jobs = {}

-- One long generator.
function jobs.generators()
  local sum = 0
  for i in coroutine.wrap(function() for i = 1, 1000000 do coroutine.yield(i) end end) do
    sum = sum + i
  end
end

-- Many short ones.
function jobs.iterators()
  local function three() for i = 1, 3 do coroutine.yield(i) end end
  for _ = 1, 100000 do
    for _ in coroutine.wrap(three) do end
  end
end

-- Coroutines that are resumed by hand.
function jobs.resumes()
  local co = coroutine.create(function() while true do coroutine.yield() end end)
  for _ = 1, 1000000 do coroutine.resume(co) end
end

-- Errors with tracebacks.
function jobs.handlers()
  local function fail() error "on purpose" end
  for _ = 1, 10000 do xpcall(fail, debug.traceback) end
end

-- Errors without.
function jobs.errors()
  local function fail() error "on purpose" end
  for _ = 1, 200000 do pcall(fail) end
end

function jobs.calls()
  for i = 1, 3000000 do pcall(math.abs, i) end
end

function jobs.print()
  for i = 1, 300000 do print("line", i, i / 2) end
end

function jobs.write()
  for i = 1, 500000 do io.write("line ", i, "\n") end
end

local name = ...
local began = os.clock()
jobs[name]()
io.stdout:flush()
io.stderr:write(("%s=%.6f\n"):format(name, os.clock() - began))
