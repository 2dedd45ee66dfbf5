-- What is done is skipped, what failed is tried again, and the log says so in lines.

local folder <close> = async.temp_dir()
local path = folder.path .. "/jobs.log"

local function shown()
  local text = assert(async.fs.read(path))
  return (text:gsub("%d+%-%d+%-%d+T%d+:%d+:%d+Z\t%d+%.%d%d%d", "TIME"))
end

local log = assert(async.jobs(path))
print(log:done "a", async.fs.exists(path)) -- expect: false	true
print(log:run("a", function(key, ...) print(key, ...) sleep(1.5) end, "more")) -- expect: a	more
-- expect: true
print(log:run("a", print)) -- expect: false
print(log:run("b\tc\n", function() return nil, "it is\tnot there", "ENOENT" end))
-- expect: nil	it is	not there	ENOENT
print(pcall(log.run, log, "d", error, nil)) -- expect: false	d
print(log:done "a", log:done "d", log:failed "d", log:failed "a") -- expect: true	false	d	nil
assert(tonumber(async.fs.read(path):match "Z\t([%d.]+)\tdone") >= 1.5)
io.write(shown())
-- expect: started	seconds	result	job	error
-- expect: TIME	done	a	
-- expect: TIME	failed	b\tc\n	it is\tnot there
-- expect: TIME	failed	d	d

-- Another script goes on.
log = assert(async.jobs(path))
print(log:done "a", log:done "b\tc\n", log:failed "b\tc\n") -- expect: true	false	it is	not there
local summary = log:map({"a", "d", 7, "bad"}, function(item)
  if item == "bad" then error("no " .. item, 0) end
end, {limit = 2})
print(summary.done, summary.skipped, summary.failed, summary.errors.bad) -- expect: 2	1	1	no bad
print(log:done "d", log:failed "d", log:done(7), log:failed "bad") -- expect: true	nil	true	no bad
summary = log:map({{name = "x"}}, function(item) print(item.name) end,
  {key = function(item) return "of " .. item.name end}) -- expect: x
print(summary.done, log:done "of x") -- expect: 1	true

-- Two at once: the second waits, and then has nothing to do.
local function slowly() print "once" sleep(1) end -- expect: once
local one = spawn(log.run, log, "slow", slowly)
sleep(0)
print(log:run("slow", print), await(one)) -- expect: false	true

-- One that was cancelled is neither.
local task = spawn(log.run, log, "cut", function() sleep(10) end)
sleep(0.1)
task:cancel()
pcall(await, task)
print(log:done "cut", log:failed "cut") -- expect: false	nil

-- What has refused without a word has failed too, and so has a command; a lone nil is no answer.
print(log:run("no", function() return false end), log:failed "no") -- expect: nil	it returned false
print(log:run("try", function() return async.process.try{"sh", "-c", "exit 3"} end))
-- expect: nil	command 'sh -c 'exit 3'' failed with status 3
print(log:done "no", log:done "try", log:run("try", function()
  return async.process.try{"true"}
end)) -- expect: false	false	true
print(log:run("nil", function() return nil end), log:run("own", function() return {ok = false} end)) -- expect: true	true

-- A torn line was no job; what is written after it is whole.
for _, torn in ipairs {"2026-01-02T03:04:05Z\t0.1\tdone\tto", "2026", "x"} do
  assert(async.fs.append(path, torn))
  log = assert(async.jobs(path))
  print(log:done "to", log:done "a") -- expect: false	true
  -- expect: false	true
  -- expect: false	true
end
log:run("after", function() end)
for row in async.csv.rows(path, {header = true, separator = "\t"}) do
  if row.job == "a" then print(row.result, row.job, row.error == "") end -- expect: done	a	true
end
print(shown():match "[^\n]*\n[^\n]*\n$")
-- expect: TIME	done	own	
-- expect: TIME	done	after	
-- expect:
assert(async.fs.write(path, "started\tsec"))
assert(async.jobs(path)):run("first", function() end)
io.write(shown())
-- expect: started	seconds	result	job	error
-- expect: TIME	done	first	

-- What is no log is left alone.
assert(async.fs.write(path, "data that somebody needs\n"))
local function refused()
  local _, message, code = async.jobs(path)
  print((message:gsub("/tmp/[^/]*/", "")), code)
end
refused() -- expect: jobs.log is no log of jobs	SYNTAX
assert(async.fs.write(path, "started\tseconds\tresult\tjob\terror\n\nx\ty\n"))
refused() -- expect: jobs.log:2: expected a line of a log of jobs	SYNTAX
print(select(3, async.jobs(folder.path))) -- expect: EISDIR
print(async.jobs "/dev/full") -- expect: nil	/dev/full is no regular file, which a log of jobs is	EINVAL

-- An error is kept whole, in one line of the log.
assert(async.fs.remove(path))
local long = assert(async.jobs(path))
pcall(long.run, long, "raises", error, nil)
pcall(long.run, long, "long", function() error("one\n\ttwo", 0) end)
print((long:failed "long")) -- expect: one
-- expect: 	two
print(async.jobs(path):failed "long" == "one\n\ttwo") -- expect: true
print(shown():match "[^\n]*\n$") -- expect: TIME	failed	long	one\n\ttwo
-- expect:
print(long:run("nothing", function() end), long:done "nothing") -- expect: true	true

print(pcall(async.jobs, 7)) -- expect: false	$FILE:$LINE: jobs: expected a path, got number
print(pcall(log.run, log, {}, print)) -- expect: false	$FILE:$LINE: jobs:run: expected a job's name, got table
print(pcall(log.run, log, "x", 7)) -- expect: false	$FILE:$LINE: jobs:run: expected a function, got number
print(pcall(log.run, {}, "x", print)) -- expect: false	$FILE:$LINE: jobs:run: expected a log of jobs, got table
print(pcall(log.map, log, {}, print, {limt = 2})) -- expect: false	$FILE:$LINE: jobs:map: unknown option 'limt', did you mean 'limit'?

-- One that has become unreadable meanwhile is refused to the next; who has it knows what it knew.
local spoilt = folder.path .. "/spoilt.log"
local first = assert(async.jobs(spoilt))
first:run("a", function() end)
pcall(first.run, first, "b", function() error("why", 0) end)
local function put(text) -- into the file that it has
  local file <close> = assert(io.open(spoilt, "w"))
  file:write(text)
end
put((assert(async.fs.read(spoilt)):gsub("\n", "\nno line of it\n", 1)))
print(select("#", async.jobs(spoilt)), select(3, async.jobs(spoilt))) -- expect: 3	SYNTAX
print(first:done "a", first:failed "b", first:run("a", print)) -- expect: true	why	false
put "other"
print(select(3, async.jobs(spoilt)), first:done "a", first:run("a", print)) -- expect: SYNTAX	true	false

-- A log that was forgotten keeps nobody from the file, however little of it was collected yet.
local forgotten, opened = folder.path .. "/forgotten.log", 0
for _ = 1, 5000 do
  if async.jobs(forgotten) then opened = opened + 1 end
end
print(opened) -- expect: 5000
